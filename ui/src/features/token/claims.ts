/** Header parameters and claims as rows: name, value, what the value means. RFC 7519 §4.1, RFC 9068 §2.2. */

import type { Citation } from '../../lib/ipc/generated/Citation'
import type { Fact } from '../../lib/ipc/generated/Fact'

export interface ClaimRow {
	name: string
	value: string
	/** Kept whole for the accessible name of a value cut in the middle. */
	whole: string
	meaning: string
	citation: Citation | null
}

export function claimRows(members: Record<string, unknown> | undefined, explained: readonly Fact[]): ClaimRow[] {
	return Object.entries(members ?? {}).map(([name, value]) => {
		const fact = explained.find((candidate) => candidate.name === name)
		const whole = text(value)
		return { name, value: elided(whole, 28), whole, meaning: fact?.value ?? '', citation: fact?.citation ?? null }
	})
}

function text(value: unknown): string {
	if (typeof value === 'string') return value
	if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(' ')
	return JSON.stringify(value)
}

/** Both ends stay: `b7c41d0e-90aa…52f3`. */
export function elided(value: string, limit: number): string {
	if (value.length <= limit) return value
	const tail = Math.floor((limit - 1) / 3)
	return `${value.slice(0, limit - 1 - tail)}…${value.slice(-tail)}`
}
