/** The workbench and the inspector beside it: the request that is edited, and the exchange that is in view. */

import { OpenRows, Running, blankRows } from '../features/ladder'
import { problemOf } from '../features/loaded.svelte'
import { Draft, Preview, emptyDraft, isSafe } from '../features/request'
import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'
import type { Problem } from '../lib/ipc/generated/Problem'
import type { RequestDraft } from '../lib/ipc/generated/RequestDraft'
import type { SendProgress } from '../lib/ipc/generated/SendProgress'
import type { Desk } from './desk.svelte'
import { draftOf } from './draft_of'
import { remember, remembered } from './remembered'
import { stalled } from './stalled'

type Work = (progress: (progress: SendProgress) => void) => Promise<ExchangeView>

/** Requests whose last exchange stays at hand. */
const KEPT = 12

export class Bench {
	readonly draft = new Draft()
	readonly preview: Preview
	readonly rows = new OpenRows()
	/** While a send goes on nothing is open. */
	readonly still = new OpenRows()
	/** The places of the seven rows before anything was sent. */
	readonly blank = blankRows()
	view = $state.raw<ExchangeView | null>(null)
	/** Which attempt of it is shown, from 1. */
	attempt = $state(1)
	running = $state.raw<Running | null>(null)
	/** Path of the request it sends; absent: a request never saved. */
	runningFor = $state.raw<string | undefined>(undefined)
	/** Why the last send, read or save did not happen. */
	problem = $state.raw<Problem | null>(null)
	saving = $state(false)
	/** Percent of the height that the request takes from the response. */
	split = $state(remembered('split', 36.1))
	/** A change of something live that waits for one word. */
	asking = $state.raw<{ send: () => void } | null>(null)
	/** Counts what should draw the eye to the verdict: after the first run, the focus goes there. */
	landed = $state(0)
	readonly #desk: Desk
	readonly #views = new Map<string, ExchangeView>()
	readonly #edited = new Map<string, RequestDraft>()
	readonly #agreed = new Set<string>()
	#again: Work | null = null
	#turn = 0

	readonly attempts = $derived(this.view ? this.view.previous.length + 1 : 0)
	/** Work that ended before there was an exchange, and the row it waits on. */
	readonly waiting = $derived(this.problem ? stalled(this.problem) : null)
	readonly ladder = $derived(this.waiting ?? (this.view ? (this.view.previous[this.attempt - 1] ?? this.view.ladder) : null))
	/** What the attempt in view is a record of; nothing while something waits. */
	readonly evidence = $derived(
		this.view && !this.waiting ? (this.view.evidence.previous_attempts[this.attempt - 1] ?? this.view.evidence) : null,
	)
	/** The send under way, when it belongs to the request in view and took long enough to stand in for the last ladder. */
	readonly inFlight = $derived(this.running?.visible === true && this.runningFor === this.draft.value.path ? this.running : null)

	constructor(desk: Desk) {
		this.#desk = desk
		this.preview = new Preview((draft) => desk.ipc.call('request_preview', { draft }))
	}

	/** Opens what was open last, with its last exchange when that is the newest. */
	async restore(): Promise<void> {
		const workspace = this.#desk.workspace.value
		const path = workspace?.last_request ?? this.#desk.requests[0]?.path
		if (path === undefined) return
		await this.openRequest(path)
		if (!this.#desk.exchanges.value) await this.#desk.readExchanges()
		const newest = this.#desk.exchanges.value?.[0]?.exchange
		if (newest === undefined || this.view) return
		const view = await this.#desk.ipc.call('exchange_read', { exchange: newest }).catch(() => null)
		if (view?.request_path === path && this.draft.value.path === path && !this.view && !this.running) this.show(view)
	}

	async openRequest(path: string): Promise<void> {
		this.#desk.routes.go({ name: 'workbench' })
		if (this.draft.value.path === path) return
		const turn = ++this.#turn
		try {
			const saved = await this.#desk.ipc.call('request_read', { path })
			if (turn !== this.#turn) return
			this.#leave()
			this.draft.load(saved)
			const edited = this.#edited.get(path)
			if (edited) this.draft.value = edited
			this.problem = null
			this.#place(this.#views.get(path) ?? null)
		} catch (reason) {
			if (turn === this.#turn) this.problem = problemOf(reason)
		}
	}

	newRequest(): void {
		this.#turn += 1
		this.#desk.routes.go({ name: 'workbench' })
		this.#leave()
		this.draft.load(emptyDraft())
		this.problem = null
		this.#place(null)
	}

	/** Shows an exchange, with the request it was sent from where that is known. */
	async openExchange(exchange: string): Promise<void> {
		try {
			const view = exchange === this.view?.evidence.exchange ? this.view : await this.#desk.ipc.call('exchange_read', { exchange })
			this.#desk.routes.go({ name: 'workbench' })
			const path = view.request_path
			if (path !== undefined && this.#desk.requests.some((row) => row.path === path)) await this.openRequest(path)
			else if (this.view?.evidence.exchange !== exchange) {
				this.#turn += 1
				this.#leave()
				this.draft.load(draftOf(view))
			}
			this.show(view)
		} catch (reason) {
			this.problem = problemOf(reason)
		}
	}

	show(view: ExchangeView): void {
		this.#place(view)
		this.#keep(view)
	}

	#keep(view: ExchangeView): void {
		const path = view.request_path
		if (path === undefined) return
		this.#views.delete(path)
		this.#views.set(path, view)
		for (const oldest of this.#views.keys()) {
			if (this.#views.size <= KEPT) break
			this.#views.delete(oldest)
		}
	}

	resize(percent: number): void {
		this.split = percent
		remember('split', percent)
	}

	showAttempt(attempt: number): void {
		this.attempt = Math.min(this.attempts, Math.max(1, attempt))
		if (this.ladder) this.rows.show(this.ladder)
	}

	async send(): Promise<void> {
		const draft = this.draft.snapshot()
		const environment = this.#desk.environment
		if (environment?.live === true && !isSafe(draft.method) && !this.#agreed.has(environment.name)) {
			this.asking = {
				send: () => {
					this.#agreed.add(environment.name)
					this.asking = null
					void this.send()
				},
			}
			return
		}
		await this.run((progress) => this.#desk.ipc.stream('send', { draft }, progress))
	}

	/** Does the last work once more: the send, the first run, the fault. */
	async again(): Promise<ExchangeView | null> {
		if (this.#again) return this.run(this.#again)
		await this.send()
		return null
	}

	/** Nothing is open and nothing in view, as in a new workspace. */
	clear(): void {
		this.#views.clear()
		this.#edited.clear()
		this.#again = null
		this.problem = null
		this.draft.load(emptyDraft())
		this.#place(null)
	}

	async run(work: Work): Promise<ExchangeView | null> {
		if (this.running) return null
		const running = new Running(this.view === null)
		const path = this.draft.value.path
		this.running = running
		this.runningFor = path
		this.#again = work
		this.problem = null
		try {
			const view = await work((progress) => running.take(progress))
			// an answer to a request that was left meanwhile waits for its return
			if (this.draft.value.path === path || view.request_path === this.draft.value.path) this.show(view)
			else this.#keep(view)
			this.#desk.spoken.exchange(view)
			return view
		} catch (reason) {
			this.problem = problemOf(reason)
			if (this.ladder) this.rows.show(this.ladder)
			this.#desk.spoken.problem(this.problem)
			return null
		} finally {
			this.running = null
		}
	}

	async cancel(): Promise<void> {
		const exchange = this.running?.exchange
		if (!this.running || exchange === null || exchange === undefined) return
		this.running.cancelling = true
		await this.#desk.ipc.call('send_cancel', { exchange }).catch((reason: unknown) => (this.problem = problemOf(reason)))
	}

	async save(): Promise<void> {
		const draft = this.draft.snapshot()
		this.saving = true
		try {
			const saved = await this.#desk.ipc.call('request_save', { draft })
			this.draft.wrote(draft, saved)
			if (saved.path !== undefined) this.#edited.delete(saved.path)
			this.problem = null
			await this.#desk.readWorkspace()
		} catch (reason) {
			this.problem = problemOf(reason)
		} finally {
			this.saving = false
		}
	}

	async remove(): Promise<void> {
		const path = this.draft.value.path
		if (path === undefined) {
			this.newRequest()
			return
		}
		const removed = await this.#desk.workspace.take(this.#desk.ipc.call('request_remove', { path }))
		if (!removed) {
			this.problem = this.#desk.workspace.problem
			return
		}
		this.#edited.delete(path)
		this.#views.delete(path)
		this.draft.load(emptyDraft())
		this.#place(null)
		const next = this.#desk.requests[0]?.path
		if (next !== undefined) await this.openRequest(next)
	}

	duplicate(): void {
		const draft = this.draft.snapshot()
		delete draft.path
		this.#leave()
		this.draft.load({ ...draft, name: `${draft.name} copy` })
		this.#place(null)
	}

	/** One exchange older or newer than the one in view. */
	neighbour(direction: 'older' | 'newer'): string | undefined {
		const ids = (this.#desk.exchanges.value ?? []).map((row) => row.exchange)
		const at = this.view ? ids.indexOf(this.view.evidence.exchange) : -1
		if (at === -1) return direction === 'older' ? ids[0] : undefined
		return ids[direction === 'older' ? at + 1 : at - 1]
	}

	/** Whether a request holds edits that are not saved. */
	isEdited(path: string): boolean {
		return this.draft.value.path === path ? this.draft.changed : this.#edited.has(path)
	}

	#place(view: ExchangeView | null): void {
		this.view = view
		this.attempt = view ? view.previous.length + 1 : 1
		if (view) this.rows.show(view.ladder)
		else this.rows.close()
	}

	/** Edits of the request that is left stay until it is opened again. */
	#leave(): void {
		const path = this.draft.value.path
		if (path === undefined) return
		if (this.draft.changed) this.#edited.set(path, this.draft.snapshot())
		else this.#edited.delete(path)
	}
}
