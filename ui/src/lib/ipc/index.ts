/** The window's one way to its host. */

import { inWindow, tauri } from './tauri'
import type { Transport } from './transport'

export type { Commands } from './commands'
export type { Arguments, CallName, Progress, Result, StreamName, Transport } from './transport'

/**
 * The host of this page: the application, or in a plain browser the fixture named by `?fixture=NAME`.
 * A release holds no fixture: without its host it has nothing to show.
 */
export async function connect(): Promise<Transport> {
	if (__FIXTURE__ && !inWindow()) {
		const { fixture } = await import('./fixture')
		return fixture(new URLSearchParams(location.search).get('fixture') ?? 'success')
	}
	return tauri()
}
