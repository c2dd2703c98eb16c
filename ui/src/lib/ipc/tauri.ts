/** The real host. The only file that knows Tauri. */

import { Channel, invoke, isTauri } from '@tauri-apps/api/core'
import type { Transport } from './transport'

/** Whether this page runs in the application's window. */
export function inWindow(): boolean {
	return isTauri()
}

export function tauri(): Transport {
	return {
		call: (name, args) => invoke(name, { ...args }),
		stream: (name, args, onprogress) => {
			const progress = new Channel(onprogress)
			return invoke(name, { ...args, progress })
		},
		content: (reference, offset, length) => invoke('exchange_content', { reference, offset, length }),
	}
}
