/** What a send comes to, said once to who cannot see it: politely, or at once when it failed. */

import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'
import type { Problem } from '../lib/ipc/generated/Problem'

export class Spoken {
	polite = $state('')
	assertive = $state('')

	exchange(view: ExchangeView): void {
		const { ladder, evidence } = view
		const failed = ladder.rows.find((row) => row.state === 'cause' || row.state === 'needs_you')
		if (failed) {
			this.#say('', [ladder.title, ladder.subtitle, failed.hint].filter((part) => part !== undefined && part !== '').join('. '))
			return
		}
		const milliseconds = `${Math.round(evidence.timing.total / 1000).toLocaleString('en')} milliseconds`
		const [first, ...rest] = ladder.subtitle.split(' · ').map((part) => part.toLowerCase())
		this.#say([first, milliseconds, ...rest].join(', '), '')
	}

	problem(problem: Problem): void {
		this.#say('', [problem.title, problem.detail, ...problem.hints].filter((part) => part !== '').join('. '))
	}

	#say(polite: string, assertive: string): void {
		this.polite = polite
		this.assertive = assertive
	}
}
