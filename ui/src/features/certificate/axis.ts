/** The time axis the cards of a chain share: one window, one line, one scale. Times are milliseconds since the epoch. */

export interface Span {
	start: number
	end: number
}

export interface Tick {
	/** Per cent of the axis. */
	at: number
	label: string
}

export interface Bar {
	/** Per cent of the axis. */
	left: number
	width: number
	/** The validity goes on beyond the window. */
	before: boolean
	after: boolean
	/** Whether the time of the check lies within. */
	valid: boolean
	/** `expired 3 d ago`, `in 12 d`, `starts in 2 h`. */
	relative: string
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365.25 * DAY
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The end entity's validity and a quarter on each side; the time of the check is always inside. */
export function near(endEntity: Span, now: number): Span {
	const quarter = (endEntity.end - endEntity.start) / 4
	return around({ start: endEntity.start - quarter, end: endEntity.end + quarter }, now)
}

/** Every validity of the chain, with a little air. */
export function full(spans: readonly Span[], now: number): Span {
	const start = Math.min(...spans.map((span) => span.start))
	const end = Math.max(...spans.map((span) => span.end))
	const air = (end - start) / 50
	return around({ start: start - air, end: end + air }, now)
}

function around(span: Span, now: number): Span {
	const air = (span.end - span.start) / 10
	return { start: Math.min(span.start, now - air), end: Math.max(span.end, now + air) }
}

/** Where an instant stands on the axis, in per cent. */
export function position(at: number, axis: Span): number {
	return ((at - axis.start) / (axis.end - axis.start)) * 100
}

export function bar(span: Span, axis: Span, now: number): Bar {
	const left = Math.max(0, position(span.start, axis))
	const right = Math.min(100, position(span.end, axis))
	return {
		left,
		width: Math.max(0.5, right - left),
		before: span.start < axis.start,
		after: span.end > axis.end,
		valid: span.start <= now && now <= span.end,
		relative: relative(span, now),
	}
}

export function relative(span: Span, now: number): string {
	if (now < span.start) return `starts in ${distance(span.start - now)}`
	if (now > span.end) return `expired ${distance(now - span.end)} ago`
	return `in ${distance(span.end - now)}`
}

/** One unit, rounded down: `3 d`, `13 y`, `25 min`. */
export function distance(ms: number): string {
	if (ms >= 2 * YEAR) return `${Math.floor(ms / YEAR)} y`
	if (ms >= DAY) return `${Math.floor(ms / DAY)} d`
	if (ms >= HOUR) return `${Math.floor(ms / HOUR)} h`
	return `${Math.max(0, Math.floor(ms / MINUTE))} min`
}

/** `14 Dec 2026`, in UTC. */
export function date(at: number): string {
	const day = new Date(at)
	return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`
}

/** `09:12:44`, in UTC. */
export function clock(at: number): string {
	return new Date(at).toISOString().slice(11, 19)
}

/** The dates under a bar; validities of less than two days are told to the minute. */
export function dates(span: Span): string {
	if (span.end - span.start >= 2 * DAY) return `${date(span.start)} to ${date(span.end)}`
	return `${date(span.start)}, ${clock(span.start).slice(0, 5)} to ${clock(span.end).slice(0, 5)} UTC`
}

/** Labels at calendar boundaries, none under the word at the line, none cut at the edge. */
export function ticks(axis: Span, now: number): Tick[] {
	const line = position(now, axis)
	return boundaries(axis).filter((tick) => {
		const gap = tick.at - line
		return tick.at >= 0 && tick.at <= 97 && (gap < -7 || gap > 8)
	})
}

function boundaries(axis: Span): Tick[] {
	const range = axis.end - axis.start
	if (range <= 2 * DAY) return stepped(axis, range <= 12 * HOUR ? 2 * HOUR : 6 * HOUR, (at) => clock(at).slice(0, 5))
	if (range <= 16 * DAY) return stepped(axis, 2 * DAY, dayAndMonth)
	if (range <= 60 * DAY) return stepped(axis, 7 * DAY, dayAndMonth)
	if (range <= 9 * 31 * DAY) return months(axis, 1)
	if (range <= 27 * 31 * DAY) return months(axis, 3)
	if (range <= 5 * YEAR) return months(axis, 6)
	const step = [1, 2, 5, 10, 20, 50].find((years) => range / YEAR / years <= 8) ?? 100
	return months(axis, 12 * step)
}

function stepped(axis: Span, step: number, label: (at: number) => string): Tick[] {
	const marks: Tick[] = []
	for (let at = Math.ceil(axis.start / step) * step; at <= axis.end; at += step) {
		marks.push({ at: position(at, axis), label: label(at) })
	}
	return marks
}

function months(axis: Span, step: number): Tick[] {
	const from = new Date(axis.start)
	const marks: Tick[] = []
	let index = Math.ceil((from.getUTCFullYear() * 12 + from.getUTCMonth()) / step) * step
	for (;;) {
		const year = Math.floor(index / 12)
		const month = index % 12
		const at = Date.UTC(year, month, 1)
		if (at > axis.end) return marks
		const label = month === 0 && step > 1 ? String(year) : (MONTHS[month] ?? '')
		if (at >= axis.start) marks.push({ at: position(at, axis), label })
		index += step
	}
}

function dayAndMonth(at: number): string {
	return date(at).split(' ').slice(0, 2).join(' ')
}
