/** The history as it is read page by page, filtered in Rust, and the two rows that are compared. */

import type { Comparison } from '../../lib/ipc/generated/Comparison'
import type { HistoryPage } from '../../lib/ipc/generated/HistoryPage'
import type { HistoryRow } from '../../lib/ipc/generated/HistoryRow'
import { Loaded } from '../loaded.svelte'

export interface HistorySource {
	page: (filter: string, before: string | null, limit: number) => Promise<HistoryPage>
	compare: (left: string, right: string) => Promise<Comparison>
}

const FIRST = 100
const NEXT = 200

export class History {
	rows = $state.raw<HistoryRow[]>([])
	filter = $state('')
	readonly page = new Loaded<HistoryPage>()
	readonly comparison = new Loaded<Comparison>()
	/** At most two; the older one is A. */
	checked = $state.raw<string[]>([])

	constructor(private readonly source: HistorySource) {}

	/** Reads from the top: at the start, after a change, and for another filter. */
	async read(limit = Math.max(FIRST, this.rows.length)): Promise<void> {
		if (await this.page.take(this.source.page(this.filter, null, limit))) {
			this.rows = this.page.value?.rows ?? []
		}
	}

	async more(): Promise<void> {
		const before = this.page.value?.next
		if (before === undefined || this.page.busy) return
		if (await this.page.take(this.source.page(this.filter, before, NEXT))) {
			this.rows = [...this.rows, ...(this.page.value?.rows ?? [])]
		}
	}

	async search(filter: string): Promise<void> {
		this.filter = filter
		await this.read(FIRST)
	}

	/** A third row takes the place of the one that is left of the two in the pane. */
	async check(exchange: string): Promise<void> {
		const chosen = this.checked.includes(exchange)
			? this.checked.filter((other) => other !== exchange)
			: [...this.checked, exchange].slice(-2)
		const started = (id: string) => this.row(id)?.started_at ?? ''
		this.checked = chosen.length < 2 ? chosen : chosen.toSorted((a, b) => started(a).localeCompare(started(b)))
		const [left, right] = this.checked
		if (left !== undefined && right !== undefined) await this.comparison.take(this.source.compare(left, right))
	}

	clearChecked(): void {
		this.checked = []
	}

	row(exchange: string): HistoryRow | undefined {
		return this.rows.find((row) => row.exchange === exchange)
	}
}
