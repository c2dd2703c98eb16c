/** Durations as people read them. */

/** `143 ms`: always milliseconds, so that a column of them compares. */
export function milliseconds(us: number): string {
	return `${Math.round(us / 1000)} ms`
}

/** `143 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(us: number): string {
	const ms = us / 1000
	if (ms < 1000) return `${Math.round(ms)} ms`
	const seconds = ms / 1000
	if (seconds < 59.95) return `${seconds.toFixed(1)} s`
	const whole = Math.round(seconds)
	return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** `09:12:44` of an instant, local time. */
export function clock(at: string): string {
	return new Date(at).toLocaleTimeString('en-GB')
}
