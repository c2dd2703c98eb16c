/** A send while it goes on: seven places, filled by what the core says happened, at the speed it happened. */

import type { Event as StepEvent } from '../../lib/ipc/generated/Event'
import type { LadderRow } from '../../lib/ipc/generated/LadderRow'
import type { SendProgress } from '../../lib/ipc/generated/SendProgress'
import type { Step } from '../../lib/ipc/generated/Step'
import { STEPS, STEP_TITLES } from './words'

/** Under this nothing moves: the answer is there before it could be read. */
const QUIET_MS = 150
/** From here on a row says how long it has waited. */
const LONG_MS = 10_000

export class Running {
	exchange = $state<string | null>(null)
	rows = $state.raw<LadderRow[]>(blankRows())
	/** Whether it took long enough to be worth showing. */
	visible = $state(false)
	cancelling = $state(false)
	#now = $state(performance.now())
	readonly #started = performance.now()
	/** This window's clock at the exchange's own zero. */
	#zero = performance.now()

	/** `at_once`: there is no earlier ladder to leave standing meanwhile. */
	constructor(at_once: boolean) {
		this.visible = at_once
	}

	/** Ticks while it goes on; meant for an `$effect`. */
	run(): () => void {
		const shown = setTimeout(() => (this.visible = true), QUIET_MS)
		const ticks = setInterval(() => (this.#now = performance.now()), 100)
		return () => {
			clearTimeout(shown)
			clearInterval(ticks)
		}
	}

	take(progress: SendProgress): void {
		if (progress.kind === 'started') {
			this.exchange ??= progress.exchange
			this.#zero = performance.now()
			return
		}
		if (progress.event.exchange !== this.exchange) return
		const { step } = progress.event
		this.rows = this.rows.map((row) => (row.step === step ? advance(row, progress.event) : row))
	}

	/** Microseconds since the exchange started. */
	get elapsed(): number {
		return Math.max(1, (this.#now - this.#zero) * 1000)
	}

	/** The rows as they stand now: the running one's bar reaches to this moment. */
	get shown(): LadderRow[] {
		return this.rows.map((row) => {
			if (row.state !== 'running') return row
			const span = Math.max(0, this.elapsed - row.start_us)
			const fact = span > LONG_MS * 1000 ? `waiting ${Math.floor(span / 1_000_000)} s` : row.fact
			return { ...row, fact, duration_us: span }
		})
	}

	/** Whether it has gone on for so long that Cancel stands on the row too. */
	get long(): boolean {
		return this.#now - this.#started > LONG_MS
	}

	/** The step it is at. */
	get step(): Step | null {
		return this.rows.find((row) => row.state === 'running')?.step ?? null
	}
}

function advance(row: LadderRow, event: StepEvent): LadderRow {
	const fact = event.facts[0]?.value ?? (event.state === 'running' ? '' : row.fact)
	if (event.state === 'running') {
		const start = row.state === 'running' ? row.start_us : event.at_us
		return { ...row, state: 'running', fact, start_us: start, spoken: `${row.number}, ${row.title}, running` }
	}
	const begun = row.state === 'running' || row.duration_us !== undefined
	return {
		...row,
		state: event.state,
		fact,
		details: event.facts.slice(1),
		...(event.state === 'not_reached' ? {} : { duration_us: begun ? Math.max(0, event.at_us - row.start_us) : 0 }),
		...(begun ? {} : { start_us: event.at_us }),
		spoken: `${row.number}, ${row.title}, ${fact}`,
	}
}

/** Seven places with nothing in them yet. */
export function blankRows(): LadderRow[] {
	return STEPS.map(blank)
}

function blank(step: Step, index: number): LadderRow {
	const number = String(index + 1)
	return {
		number,
		step,
		title: STEP_TITLES[step],
		state: 'not_reached',
		fact: '',
		start_us: 0,
		spoken: `${number}, ${STEP_TITLES[step]}, not reached yet`,
		details: [],
		chain: [],
		compared: [],
		causes: [],
		ruled_out: [],
		actions: [],
		inner: [],
	}
}
