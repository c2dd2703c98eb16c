/** Lines of a content too large to hold: where each begins is remembered, its text only while it is near. */

import { SvelteMap } from 'svelte/reactivity'
import { problemOf } from '../loaded.svelte'
import type { Problem } from '../../lib/ipc/generated/Problem'
import { RANGE, type ReadRange } from './body.svelte'

/** No row shows more of a line than this many bytes. */
export const FOLD = 10_000
/** Ranges kept in memory. */
const KEPT = 12
const LINE_FEED = 10

export interface Line {
	/** From 1; the same for all rows of one folded line. */
	number: number
	offset: number
	/** Bytes of this row, without the line feed. */
	length: number
	/** Bytes of the line that are folded away behind this row. */
	folded: number
	/** Whether the row continues the line above it. */
	continued: boolean
}

export class Lines {
	rows = $state.raw<Line[]>([])
	problem = $state.raw<Problem | null>(null)
	/** How far the content has been looked through for line feeds. */
	indexed = $state(0)
	readonly length: number
	readonly #reference: string
	readonly #read: ReadRange
	/** A row that waits for its range is drawn again when it arrives. */
	readonly #ranges = new SvelteMap<number, Uint8Array>()
	readonly #asked = new Map<number, Promise<Uint8Array>>()
	#open = { number: 1, offset: 0 }
	#busy = false

	constructor(reference: string, length: number, read: ReadRange) {
		this.#reference = reference
		this.length = length
		this.#read = read
	}

	get complete(): boolean {
		return this.indexed >= this.length
	}

	/** Looks through one range more. */
	async more(): Promise<void> {
		if (this.#busy || this.complete) return
		this.#busy = true
		try {
			const start = this.indexed
			const bytes = await this.#range(Math.floor(start / RANGE))
			const found: Line[] = []
			for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
				found.push(this.#close(start + at))
				this.#open = { number: this.#open.number + 1, offset: start + at + 1 }
			}
			this.indexed = bytes.length === 0 ? this.length : start + bytes.length
			if (this.complete && this.#open.offset < this.length) found.push(this.#close(this.length))
			this.rows = [...this.rows, ...found]
			this.problem = null
		} catch (reason) {
			this.problem = problemOf(reason)
		} finally {
			this.#busy = false
		}
		// one line alone may be longer than a range
		if (this.rows.length === 0 && !this.complete && this.problem === null) await this.more()
	}

	/** Shows ten thousand bytes more of a folded line, and what is still folded behind them. */
	unfold(index: number): void {
		const row = this.rows[index]
		if (!row || row.folded === 0) return
		const offset = row.offset + row.length
		const next: Line = {
			number: row.number,
			offset,
			length: Math.min(FOLD, row.folded),
			folded: Math.max(0, row.folded - FOLD),
			continued: true,
		}
		this.rows = [...this.rows.slice(0, index), { ...row, folded: 0 }, next, ...this.rows.slice(index + 1)]
	}

	/** The text of a row; null while its bytes are on their way. */
	text(row: Line): string | null {
		const first = Math.floor(row.offset / RANGE)
		const last = Math.floor((row.offset + Math.max(0, row.length - 1)) / RANGE)
		const bytes = new Uint8Array(row.length)
		for (let range = first; range <= last; range += 1) {
			const held = this.#ranges.get(range)
			if (!held) {
				this.#range(range).catch((reason: unknown) => (this.problem = problemOf(reason)))
				return null
			}
			const from = Math.max(row.offset, range * RANGE)
			const to = Math.min(row.offset + row.length, range * RANGE + held.length)
			if (to > from) bytes.set(held.subarray(from - range * RANGE, to - range * RANGE), from - row.offset)
		}
		return new TextDecoder().decode(bytes).replace(/\r$/, '')
	}

	#close(end: number): Line {
		const { number, offset } = this.#open
		const length = end - offset
		return { number, offset, length: Math.min(FOLD, length), folded: Math.max(0, length - FOLD), continued: false }
	}

	#range(index: number): Promise<Uint8Array> {
		const held = this.#ranges.get(index)
		if (held) {
			this.#ranges.delete(index)
			this.#ranges.set(index, held)
			return Promise.resolve(held)
		}
		const asked = this.#asked.get(index)
		if (asked) return asked
		const offset = index * RANGE
		const work = this.#read(this.#reference, offset, Math.min(RANGE, this.length - offset)).then((buffer) => {
			const bytes = new Uint8Array(buffer)
			this.#ranges.set(index, bytes)
			for (const oldest of this.#ranges.keys()) {
				if (this.#ranges.size <= KEPT) break
				this.#ranges.delete(oldest)
			}
			return bytes
		})
		this.#asked.set(index, work)
		void work.catch(() => undefined).finally(() => this.#asked.delete(index))
		return work
	}
}
