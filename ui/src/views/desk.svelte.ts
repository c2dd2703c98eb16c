/** What the whole window shows: workspace, credentials, status, preferences. Read when told of a change; nothing polls. */

import { Loaded } from '../features/loaded.svelte'
import { Ticker, deadlines, lifeAt, short } from '../features/token'
import type { Transport } from '../lib/ipc'
import type { Change } from '../lib/ipc/generated/Change'
import type { CredentialView } from '../lib/ipc/generated/CredentialView'
import type { FolderView } from '../lib/ipc/generated/FolderView'
import type { HistoryRow } from '../lib/ipc/generated/HistoryRow'
import type { Preferences } from '../lib/ipc/generated/Preferences'
import type { RequestRow } from '../lib/ipc/generated/RequestRow'
import type { SigningProfileView } from '../lib/ipc/generated/SigningProfileView'
import type { StatusView } from '../lib/ipc/generated/StatusView'
import type { WorkspaceView } from '../lib/ipc/generated/WorkspaceView'
import { Routes } from './routes.svelte'
import { Spoken } from './spoken.svelte'

/** When a token is renewed and when it dies, on this window's clock. */
export type Deadlines = ReturnType<typeof deadlines>

type Listener = { changes: ReadonlySet<Change>; read: () => void }

export class Desk {
	readonly ipc: Transport
	readonly routes = new Routes()
	readonly spoken = new Spoken()
	readonly ticker = new Ticker()
	readonly workspace = new Loaded<WorkspaceView>()
	readonly credentials = new Loaded<CredentialView[]>()
	readonly status = new Loaded<StatusView>()
	readonly preferences = new Loaded<Preferences>()
	readonly profiles = new Loaded<SigningProfileView[]>()
	/** The newest exchanges, newest first: what older and newer lead through. */
	readonly exchanges = new Loaded<HistoryRow[]>()
	readonly #listeners = new Set<Listener>()

	readonly environment = $derived(this.workspace.value?.environments.find((one) => one.name === this.workspace.value?.environment))
	readonly requests = $derived(this.workspace.value ? flat(this.workspace.value.requests) : [])
	/** Each credential's deadlines on this window's clock, fixed when its row arrived. */
	readonly deadlines = $derived(
		new Map<string, Deadlines>(
			(this.credentials.value ?? []).flatMap((one) => (one.token ? [[one.name, deadlines(one.token, performance.now())] as const] : [])),
		),
	)

	constructor(ipc: Transport) {
		this.ipc = ipc
		this.onchange(['workspace'], () => {
			void this.readWorkspace()
			void this.profiles.take(ipc.call('signing_profile_list', {}))
		})
		this.onchange(['credentials', 'tokens'], () => void this.credentials.take(ipc.call('credential_list', {})))
		this.onchange(['status', 'gateway', 'history'], () => void this.status.take(ipc.call('status_read', {})))
		this.onchange(['preferences'], () => void this.preferences.take(ipc.call('preferences_read', {})))
		this.onchange(['history'], () => void this.readExchanges())
	}

	/** Reads everything once and then on each change; resolves when there is something to paint. */
	async open(): Promise<void> {
		void this.ipc.stream('changes', {}, (change) => this.#changed(change)).catch(() => undefined)
		const { ipc } = this
		void this.credentials.take(ipc.call('credential_list', {}))
		void this.status.take(ipc.call('status_read', {}))
		void this.profiles.take(ipc.call('signing_profile_list', {}))
		void this.readExchanges()
		await Promise.all([this.preferences.take(ipc.call('preferences_read', {})), this.readWorkspace()])
	}

	async readWorkspace(): Promise<void> {
		await this.workspace.take(this.ipc.call('workspace_read', {}))
	}

	async readExchanges(): Promise<void> {
		const page = this.ipc.call('history_list', { filter: '', before: null, limit: 200 })
		await this.exchanges.take(page.then(({ rows }) => rows))
	}

	async chooseEnvironment(name: string | null): Promise<void> {
		await this.workspace.take(this.ipc.call('environment_choose', { name }))
		void this.credentials.take(this.ipc.call('credential_list', {}))
	}

	/** Calls back on each of these changes until the returned function is called. */
	onchange(changes: readonly Change[], read: () => void): () => void {
		const listener = { changes: new Set(changes), read }
		this.#listeners.add(listener)
		return () => this.#listeners.delete(listener)
	}

	#changed(change: Change): void {
		for (const listener of [...this.#listeners]) if (listener.changes.has(change)) listener.read()
	}

	requestName(path: string): string {
		return this.requests.find((row) => row.path === path)?.name ?? path
	}

	/** Names of the folders a request lies in, outermost first. */
	folders(path: string | undefined): string[] {
		const root = this.workspace.value?.requests
		return path === undefined || !root ? [] : (trail(root, path) ?? [])
	}

	/** What is left of a credential's token, short enough for the sidebar: `4:58`, `–`, `refused`. */
	life(credential: CredentialView): string {
		const limits = this.deadlines.get(credential.name)
		const text = short(credential.token, limits ? lifeAt(limits, this.ticker.now) : null)
		return text.replace(/^valid, /, '').replace(/^dead$/, 'refused')
	}

	credentialTitle(name: string): string {
		return this.credentials.value?.find((one) => one.name === name)?.title ?? name
	}
}

function flat(folder: FolderView): RequestRow[] {
	return [...folder.folders.flatMap(flat), ...folder.requests]
}

function trail(folder: FolderView, path: string): string[] | null {
	if (folder.requests.some((row) => row.path === path)) return []
	for (const inner of folder.folders) {
		const found = trail(inner, path)
		if (found) return [inner.name, ...found]
	}
	return null
}
