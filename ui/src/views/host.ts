/** What a page asks of the window around it: commands, progress, changes, and where to go. */

import { getContext, setContext } from 'svelte'
import type { Transport } from '../lib/ipc'
import type { Change } from '../lib/ipc/generated/Change'
import type { EnvironmentView } from '../lib/ipc/generated/EnvironmentView'
import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'

export type PageName = 'handshake' | 'chain' | 'token' | 'signature'

export interface Host {
	call: Transport['call']
	stream: Transport['stream']
	/** Calls back on each change until the returned function is called. */
	onchange: (changes: readonly Change[], read: () => void) => () => void
	environments: () => EnvironmentView[]
	requestName: (path: string) => string
	keys: () => { keys: string; does: string }[]
	openExchange: (exchange: string) => void
	openPage: (page: PageName, view: ExchangeView) => void
	openRequest: (path: string) => void
	openSettings: () => void
	openZoo: () => void
	openWatch: () => void
	openInspect: (target: string) => void
	openCredential: (name: string) => void
	openRecipes: () => void
	openToken: (credential: string) => void
	back: () => void
}

const KEY = Symbol('host')

export function provideHost(host: Host): void {
	setContext(KEY, host)
}

export function host(): Host {
	return getContext<Host>(KEY)
}

/** Where a page of an exchange stands: the request it came from, and the exchange. */
export function crumbs(app: Host, view: ExchangeView): { crumbs: { label: string; onclick: () => void }[]; onback: () => void } {
	const path = view.request_path
	const clock = new Date(view.evidence.started_at).toLocaleTimeString('en-GB')
	return {
		crumbs: [
			...(path === undefined ? [] : [{ label: app.requestName(path), onclick: () => app.openRequest(path) }]),
			{ label: `Exchange at ${clock}`, onclick: () => app.openExchange(view.evidence.exchange) },
		],
		onback: () => app.back(),
	}
}
