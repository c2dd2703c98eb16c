/** A ladder for work that ended before there was an exchange: the row that stopped it, the others not reached. */

import { STEPS, STEP_TITLES } from '../features/ladder'
import type { Ladder } from '../lib/ipc/generated/Ladder'
import type { LadderRow } from '../lib/ipc/generated/LadderRow'
import type { Problem } from '../lib/ipc/generated/Problem'

/** What the response pane knows of it: no answer, because nothing was sent. */
export const notSent = {
	outcome: 'refused_by_us',
	failed_step: 'credential',
	timing: { credential: 0, token: 0, name: 0, tcp: 0, tls: 0, sign: 0, request: 0, first_byte: 0, content: 0, total: 0, overhead: 0 },
} as const

/** Null where the problem belongs to no step. */
export function stalled(problem: Problem): Ladder | null {
	if (!problem.code.startsWith('vault.')) return null
	const rows = STEPS.map((step, index): LadderRow => {
		const here = step === 'credential'
		const number = String(index + 1)
		const fact = here ? problem.title : 'not reached'
		const hint = problem.hints[0]
		return {
			number,
			step,
			title: STEP_TITLES[step],
			state: here ? 'needs_you' : 'not_reached',
			fact,
			start_us: 0,
			spoken: [number, STEP_TITLES[step], ...(here ? ['needs you'] : []), fact].join(', '),
			details: here && problem.detail !== '' ? [{ name: 'Keychain', value: problem.detail }] : [],
			chain: [],
			compared: [],
			causes: [],
			ruled_out: [],
			...(here && hint !== undefined ? { hint } : {}),
			actions: here ? ['unlock'] : [],
			inner: [],
		}
	})
	const nothing = (subject: string, sentence: string) => ({ subject, sentence, proved: false })
	return {
		title: `Not sent: ${problem.title}`,
		subtitle: 'Nothing left this computer',
		attempts: 0,
		rows,
		proves: [nothing('Server', 'not proved: no handshake'), nothing('Channel', 'no channel was made'), nothing('Caller', 'not shown to the server')],
		pills: [],
		open: 'credential',
	}
}
