/** Something read from Rust: nothing yet, a value, or why there is none. Kept apart from what was read before. */

import type { Problem } from '../lib/ipc/generated/Problem'

/** Under this nothing is shown at all. */
const SLOW_MS = 150

export class Loaded<T> {
	value = $state.raw<T | null>(null)
	problem = $state.raw<Problem | null>(null)
	/** A request is under way. */
	busy = $state(false)
	/** And has been for so long that it says so. */
	slow = $state(false)

	/** Takes the answer of one call. A later call wins over an earlier one that answers late. */
	async take(work: Promise<T>): Promise<boolean> {
		const turn = ++this.#turn
		this.busy = true
		const timer = setTimeout(() => (this.slow = true), SLOW_MS)
		try {
			const value = await work
			if (turn !== this.#turn) return true
			this.value = value
			this.problem = null
			return true
		} catch (reason) {
			if (turn === this.#turn) this.problem = problemOf(reason)
			return false
		} finally {
			clearTimeout(timer)
			if (turn === this.#turn) {
				this.busy = false
				this.slow = false
			}
		}
	}

	#turn = 0
}

/** A command rejects with a problem; anything else is a fault of ours and says so. */
export function problemOf(reason: unknown): Problem {
	if (typeof reason === 'object' && reason !== null && 'code' in reason && 'title' in reason) return reason as Problem
	return {
		code: 'internal.window',
		fault: 'us',
		severity: 'error',
		title: 'the window could not finish this',
		detail: reason instanceof Error ? reason.message : String(reason),
		hints: [],
	}
}
