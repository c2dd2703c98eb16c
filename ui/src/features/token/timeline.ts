/** What happened to all tokens, and who used them, newest first. */

import type { Generation } from '../../lib/ipc/generated/Generation'
import type { TokenRow } from '../../lib/ipc/generated/TokenRow'
import type { TokenUse } from '../../lib/ipc/generated/TokenUse'

export interface Step extends Generation {
	key: string
	credential: string
	environment: string | undefined
}

export interface Use extends TokenUse {
	credential: string
}

/** ISO times of one clock compare as text. */
const newest = (a: { at: string }, b: { at: string }) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)

export function timeline(rows: readonly TokenRow[]): Step[] {
	const steps = rows.flatMap(({ credential, environment, generations, token }) =>
		generations.map((one, index) => ({
			...one,
			key: [credential, environment, token.requested_scope, one.at, one.generation, index].join(' '),
			credential,
			environment,
		})),
	)
	return steps.sort(newest)
}

export function uses(rows: readonly TokenRow[]): Use[] {
	return rows.flatMap(({ credential, last_uses }) => last_uses.map((one) => ({ ...one, credential }))).sort(newest)
}

/** The word for a step: obtained, renewed, taken over, failed. */
export function stepWord(step: Generation): string {
	if (step.failed) return 'Failed'
	if (step.origin === 'renewed') return 'Renewed'
	return step.origin === 'adopted' ? 'Taken over' : 'Obtained'
}

/** `payments:read`, `payments:read of 2 asked for`, `none told`. */
export function scopeWords(row: TokenRow): { text: string; narrowed: boolean } {
	const asked = (row.token.requested_scope ?? '').split(' ').filter(Boolean)
	const granted = row.token.scope?.split(' ').filter(Boolean)
	// a server that says nothing granted what was asked for (RFC 6749 §5.1)
	if (granted === undefined) return { text: asked.join(' ') || 'none asked for', narrowed: false }
	const missing = asked.filter((one) => !granted.includes(one))
	const text = granted.join(' ') || 'none'
	return missing.length > 0 ? { text: `${text}, without ${missing.join(' ')}`, narrowed: true } : { text, narrowed: false }
}
