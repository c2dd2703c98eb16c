/** Which rows are open and which one the keyboard is on: one tab stop, one open row unless Alt says otherwise. */

import type { Ladder } from '../../lib/ipc/generated/Ladder'
import type { Step } from '../../lib/ipc/generated/Step'

export class OpenRows {
	open = $state.raw<ReadonlySet<Step>>(new Set())
	current = $state<Step>('credential')

	/** A ladder just arrived: its own row opens, and the keyboard starts there. */
	show(ladder: Ladder): void {
		const row = ladder.rows.find((candidate) => candidate.step === ladder.open)
		this.open = new Set(row && row.state !== 'not_reached' ? [row.step] : [])
		this.current = ladder.open
	}

	/** Nothing is open, for example while a send goes on. */
	close(): void {
		this.open = new Set()
	}

	toggle(step: Step, several: boolean): void {
		this.set(step, !this.open.has(step), several)
	}

	set(step: Step, open: boolean, several: boolean): void {
		const next = new Set(several ? this.open : [...this.open].filter((other) => other === step))
		if (open) next.add(step)
		else next.delete(step)
		this.open = next
		this.current = step
	}

	/** The row a key leads to; null: the key is not the ladder's. */
	key(event: KeyboardEvent, steps: readonly Step[]): Step | null {
		const at = Math.max(0, steps.indexOf(this.current))
		const several = event.altKey
		switch (event.key) {
			case 'ArrowDown':
				return several ? null : this.#go(steps[Math.min(steps.length - 1, at + 1)])
			case 'ArrowUp':
				return several ? null : this.#go(steps[Math.max(0, at - 1)])
			case 'Home':
				return this.#go(steps[0])
			case 'End':
				return this.#go(steps[steps.length - 1])
			case 'ArrowRight':
				this.set(this.current, true, several)
				return this.current
			case 'ArrowLeft':
				// Alt with an arrow is the way back from a page
				if (several) return null
				this.set(this.current, false, true)
				return this.current
			case 'Enter':
				this.toggle(this.current, several)
				return this.current
			default:
				return null
		}
	}

	#go(step: Step | undefined): Step | null {
		if (step === undefined) return null
		this.current = step
		return step
	}
}
