/** The command palette: what can be done and where one can go, found by typing. */

import type { Component } from 'svelte'
import { match } from '../../lib/format'

export type Group = 'Actions' | 'Go to' | 'Requests' | 'Credentials' | 'Exchanges'

export interface Entry {
	/** Stable, so that what was used lately is known again. */
	id: string
	group: Group
	label: string
	note?: string
	icon?: Component
	/** Its shortcut, key by key. */
	shortcut?: string[]
	run: () => void
}

export interface Found extends Entry {
	/** Letters of the label that the query matched. */
	matches: number[]
}

const GROUPS: readonly Group[] = ['Actions', 'Go to', 'Requests', 'Credentials', 'Exchanges']
/** Rows of a group. */
const MOST = 8
/** What was used lately and is remembered. */
const REMEMBERED = 30

export class Palette {
	query = $state('')
	entries = $state.raw<Entry[]>([])
	#recent = $state.raw<string[]>([])

	readonly groups = $derived.by(() => {
		const used = new Map(this.#recent.map((id, index) => [id, index]))
		const query = this.query.trim()
		return GROUPS.map((label) => {
			const found = this.entries.flatMap((entry) => {
				if (entry.group !== label) return []
				const fit = query === '' ? { score: 0, matches: [] } : match(query, entry.label)
				return fit ? [{ entry, score: fit.score, matches: fit.matches, used: used.get(entry.id) ?? REMEMBERED }] : []
			})
			// where in the name it matched says nothing; whether a word begins with it does
			found.sort((a, b) => Math.round(b.score) - Math.round(a.score) || a.used - b.used)
			return { label, items: found.slice(0, MOST).map(({ entry, matches }): Found => ({ ...entry, matches })) }
		}).filter(({ items }) => items.length > 0)
	})

	open(entries: Entry[]): void {
		this.entries = entries
		this.query = ''
	}

	/** Remembers a use and does it. */
	run(id: string): void {
		const entry = this.entries.find((one) => one.id === id)
		if (!entry) return
		this.#recent = [id, ...this.#recent.filter((other) => other !== id)].slice(0, REMEMBERED)
		entry.run()
	}
}
