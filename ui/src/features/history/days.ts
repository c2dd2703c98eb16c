/** Rows of the history under the day and environment they belong to. */

import type { HistoryRow } from '../../lib/ipc/generated/HistoryRow'

export interface DayLine {
	kind: 'day'
	key: string
	label: string
}

export interface RowLine {
	kind: 'row'
	key: string
	row: HistoryRow
}

export type Line = DayLine | RowLine

export function grouped(rows: readonly HistoryRow[], environments: ReadonlyMap<string, string>, now = new Date()): Line[] {
	const lines: Line[] = []
	let group = ''
	for (const row of rows) {
		const day = new Date(row.started_at)
		const environment = row.environment === undefined ? '' : (environments.get(row.environment) ?? row.environment)
		const label = [dayName(day, now), environment].filter(Boolean).join(' · ')
		if (label !== group) {
			group = label
			lines.push({ kind: 'day', key: `${label}/${row.exchange}`, label })
		}
		lines.push({ kind: 'row', key: row.exchange, row })
	}
	return lines
}

function dayName(day: Date, now: Date): string {
	const date = day.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
	const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
	const days = Math.ceil((midnight - day.getTime()) / 86_400_000)
	if (days <= 0 && day.getTime() < midnight + 86_400_000) return `Today, ${date}`
	if (days === 1) return `Yesterday, ${date}`
	return `${day.toLocaleDateString('en-GB', { weekday: 'long' })}, ${date}`
}

/** `09:14:20`, in this machine's zone, as everywhere in a list. */
export function clock(at: string): string {
	return new Date(at).toLocaleTimeString('en-GB')
}

/** Milliseconds with their thousands parted; tenths below ten. */
export function milliseconds(us: number): string {
	return us < 10_000 ? (us / 1000).toFixed(1).replace(/\.0$/, '') : Math.round(us / 1000).toLocaleString('en')
}

/** The last words of a code: `signature.content_digest` → `content digest`. */
export function note(row: HistoryRow): string {
	return row.code?.split('.').at(-1)?.replaceAll('_', ' ') ?? ''
}

/** `1.9 MB`, as sizes stand everywhere. */
export function size(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB']
	let value = bytes
	let unit = 0
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000
		unit += 1
	}
	return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`
}
