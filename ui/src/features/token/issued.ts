/** What the authorization server issued, as rows. */

import type { Citation } from '../../lib/ipc/generated/Citation'
import type { TokenRow } from '../../lib/ipc/generated/TokenRow'

export interface IssuedFact {
	name: string
	value: string
	mono: boolean
	citation: Citation | null
}

export function issuedFacts(row: TokenRow): IssuedFact[] {
	const { token } = row
	const type = token.header?.['typ']
	const rfc9068 = type === 'at+jwt'
	return [
		fact('Type', [token.type ?? '', typeof type === 'string' ? type : ''].filter(Boolean).join(', ') || '–', true, rfc9068 ? { source: 'RFC 9068', section: '' } : null),
		fact('Scope granted', token.scope ?? 'not told', token.scope !== undefined),
		fact('Scope asked', token.requested_scope ?? 'none', token.requested_scope !== undefined),
		fact('Server', row.authorization_server, true),
		fact('Client auth', row.client_authentication, true),
		fact('Lifetime', lifetime(row), false),
		...(row.clock ? [fact('Clock', clockWords(row.clock.difference_ms, row.clock.error_ms), false)] : []),
		...(token.fingerprint === undefined ? [] : [fact('Fingerprint', token.fingerprint, true)]),
	]
}

function fact(name: string, value: string, mono: boolean, citation: Citation | null = null): IssuedFact {
	return { name, value, mono, citation }
}

/** `expires_in` and the claims should agree; where both are known, it is said whether they do. */
function lifetime(row: TokenRow): string {
	if (row.life_ms === undefined) return 'not told'
	const seconds = Math.round(row.life_ms / 1000)
	const { exp, iat } = row.token.claims ?? {}
	if (typeof exp !== 'number' || typeof iat !== 'number') return `${seconds} s`
	const claimed = exp - iat
	return Math.abs(claimed - seconds) <= 1 ? `${seconds} s, expires_in and exp − iat agree` : `${seconds} s; exp − iat says ${claimed} s`
}

/** Server minus ours, so a positive difference means that this machine is behind. */
export function clockWords(difference: number, error: number): string {
	const tolerance = `±${(error / 1000).toFixed(1)} s`
	if (Math.abs(difference) < 50) return `this machine agrees, ${tolerance}`
	return `this machine is ${(Math.abs(difference) / 1000).toFixed(1)} s ${difference > 0 ? 'behind' : 'ahead'}, ${tolerance}`
}
