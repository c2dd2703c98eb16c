import { describe, expect, test, vi } from 'vitest'
import { Palette, type Entry } from './palette.svelte'

function entry(id: string, group: Entry['group'], label: string, run = vi.fn()): Entry {
	return { id, group, label, run }
}

describe('the palette', () => {
	test('groups what matches, in a fixed order, eight a group', () => {
		const palette = new Palette()
		palette.open([
			...Array.from({ length: 12 }, (_, index) => entry(`request:${index}`, 'Requests', `POST token ${index}`)),
			entry('renew', 'Actions', 'Renew token'),
			entry('send', 'Actions', 'Send'),
		])
		palette.query = 'tok'
		expect(palette.groups.map(({ label, items }) => [label, items.length])).toEqual([
			['Actions', 1],
			['Requests', 8],
		])
		expect(palette.groups[0]?.items[0]?.matches).toEqual([6, 7, 8])
	})

	test('puts what was used lately first and runs it', () => {
		const run = vi.fn()
		const palette = new Palette()
		palette.open([entry('a', 'Actions', 'Alpha'), entry('b', 'Actions', 'Beta', run)])
		palette.run('b')
		expect(run).toHaveBeenCalledOnce()
		expect(palette.groups[0]?.items.map((one) => one.id)).toEqual(['b', 'a'])
	})
})
