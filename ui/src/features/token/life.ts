/** A token's life as deadlines of this window's monotonic clock. */

import type { TokenRow } from '../../lib/ipc/generated/TokenRow'
import type { TokenState } from '../../lib/ipc/generated/TokenState'

export interface Deadlines {
	/** Milliseconds on `performance.now()`. */
	renews: number | null
	expires: number | null
	life: number | null
}

/** Fixes the deadlines once, when the row arrives; the countdown then runs from them alone. */
export function deadlines(row: TokenRow, now: number): Deadlines {
	const at = (left: number | undefined) => (left === undefined ? null : now + left)
	return { renews: at(row.renews_in_ms), expires: at(row.expires_in_ms), life: row.life_ms ?? null }
}

export interface LifeView {
	/** Milliseconds left; negative: past. */
	renewsIn: number | null
	expiresIn: number | null
	/** Milliseconds since it was issued. */
	age: number | null
	/** Share of the life that is over, 0 to 100. */
	used: number | null
	/** Where on the bar it is renewed, 0 to 100. */
	renewAt: number | null
}

export function lifeAt(deadline: Deadlines, now: number): LifeView {
	const { renews, expires, life } = deadline
	// a clock that is a little behind makes no life longer than it was granted
	const expiresIn = expires === null ? null : Math.min(expires - now, life ?? Infinity)
	const known = life !== null && life > 0 && expires !== null
	const share = (at: number) => Math.min(100, Math.max(0, (at / (life ?? 1)) * 100))
	return {
		renewsIn: renews === null ? null : renews - now,
		expiresIn,
		age: known ? life - (expires - now) : null,
		used: known ? share(life - (expires - now)) : null,
		renewAt: known && renews !== null ? share(life - (expires - renews)) : null,
	}
}

/** `3:52`, `1:02:03`; rounded up, so that 0:00 is over. */
export function countdown(ms: number): string {
	const seconds = Math.max(0, Math.ceil(ms / 1000))
	const two = (value: number) => String(value).padStart(2, '0')
	const minutes = Math.floor(seconds / 60)
	if (minutes < 60) return `${minutes}:${two(seconds % 60)}`
	return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`
}

const STATE_WORDS: Record<TokenState, string> = {
	absent: 'Absent',
	acquiring: 'Acquiring',
	ambiguous: 'Ambiguous',
	dead: 'Dead',
	expired: 'Expired',
	renewing: 'Renewing',
	valid: 'Valid',
}

export function stateWord(state: TokenState): string {
	return STATE_WORDS[state]
}

/** `Valid: renews in 2:43, expires in 3:52`. */
export function verdict(row: TokenRow, view: LifeView): string {
	const word = stateWord(row.token.state)
	switch (row.token.state) {
		case 'valid': {
			if (view.expiresIn === null) return `${word}: no end of life was told`
			if (view.expiresIn <= 0) return 'Expired: the next send obtains another'
			const expires = `expires in ${countdown(view.expiresIn)}`
			if (view.renewsIn === null) return `${word}: ${expires}`
			return view.renewsIn > 0
				? `${word}: renews in ${countdown(view.renewsIn)}, ${expires}`
				: `${word}: renews at its next use, ${expires}`
		}
		case 'renewing':
			return view.expiresIn !== null && view.expiresIn > 0
				? `${word}: the present one expires in ${countdown(view.expiresIn)}`
				: `${word}: ${row.reason}`
		case 'absent':
		case 'acquiring':
		case 'ambiguous':
		case 'dead':
		case 'expired':
			return row.reason ? `${word}: ${row.reason}` : word
	}
}

/** `valid, 3:40`, for the last column of a table. */
export function short(row: TokenRow | undefined, view: LifeView | null): string {
	if (!row || row.token.state === 'absent') return '–'
	if (row.token.state === 'valid' && view?.expiresIn !== null && view) {
		return view.expiresIn > 0 ? `valid, ${countdown(view.expiresIn)}` : 'expired'
	}
	return stateWord(row.token.state).toLowerCase()
}

/** `once`, `twice`, `6 times`. */
export function times(count: number): string {
	if (count === 0) return 'not used yet'
	if (count === 1) return 'used once'
	if (count === 2) return 'used twice'
	return `used ${count} times`
}
