/** Secrets that were asked for: here while the page is open, and nowhere else. */

import { problemOf } from '../loaded.svelte'

export class Revealed {
	#values = $state.raw<ReadonlyMap<string, string>>(new Map())
	#refused = $state.raw<ReadonlyMap<string, string>>(new Map())
	/** Counts what was dropped: an answer that comes after is not taken. */
	#turn = 0
	readonly #ask: (name: string) => Promise<string>

	constructor(ask: (name: string) => Promise<string>) {
		this.#ask = ask
	}

	value(name: string): string | undefined {
		return this.#values.get(name)
	}

	/** Why it is not shown. */
	refused(name: string): string | undefined {
		return this.#refused.get(name)
	}

	async reveal(name: string): Promise<void> {
		const turn = this.#turn
		try {
			const value = await this.#ask(name)
			if (turn === this.#turn) this.#values = new Map(this.#values).set(name, value)
		} catch (reason) {
			const { detail, title } = problemOf(reason)
			if (turn === this.#turn) this.#refused = new Map(this.#refused).set(name, detail || title)
		}
	}

	hide(name: string): void {
		const kept = new Map(this.#values)
		kept.delete(name)
		this.#values = kept
	}

	/** The page is left: nothing stays. */
	drop(): void {
		this.#turn += 1
		this.#values = new Map()
		this.#refused = new Map()
	}
}
