import { describe, expect, test } from 'vitest'
import { address, duration, keyNames, match, middle, sectionTitle, sentence, shown, size } from '.'

test('sizes are powers of ten', () => {
	expect([0, 107, 999, 1000, 69_100, 999_949, 999_950, 2_100_000, 3.2e9].map(size)).toEqual([
		'0 B',
		'107 B',
		'999 B',
		'1.0 kB',
		'69.1 kB',
		'999.9 kB',
		'1.0 MB',
		'2.1 MB',
		'3.2 GB',
	])
})

test('durations change their unit with their size', () => {
	expect([400, 143_000, 1_204_000, 59_900_000, 59_960_000, 125_000_000].map(duration)).toEqual(['0 ms', '143 ms', '1.2 s', '59.9 s', '1 min', '2 min 5 s'])
})

test('long values keep both ends', () => {
	expect(middle('9A41C07E3B5D21F0', 9)).toBe('9A41…21F0')
	expect(middle('short', 9)).toBe('short')
})

test('what errors say in lower case begins a line here', () => {
	expect(sentence('the keychain is locked')).toBe('The keychain is locked')
})

test('keys have the names of their system', () => {
	expect(keyNames(['Mod', 'Shift', 'R'], false)).toEqual(['Ctrl', 'Shift', 'R'])
	expect(keyNames(['Mod', 'Shift', 'R'], true)).toEqual(['⌘', '⇧', 'R'])
})

describe('a citation', () => {
	test('leads to the section, the appendix, or the document', () => {
		expect(address({ source: 'RFC 6749', section: '5.2' })).toBe('https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2')
		expect(address({ source: 'RFC 6749', section: 'A.2' })).toBe('https://www.rfc-editor.org/rfc/rfc6749.html#appendix-A.2')
		expect(address({ source: 'RFC 9068', section: '' })).toBe('https://www.rfc-editor.org/rfc/rfc9068.html')
		expect(address({ source: 'practice', section: '' })).toBeUndefined()
	})

	test('is short, and its title tells the rest', () => {
		expect(shown({ source: 'RFC 6749', section: '5.2' })).toBe('RFC 6749 §5.2')
		expect(sectionTitle({ source: 'RFC 6749', section: '5.2' })).toBe('Error response (RFC 6749: The OAuth 2.0 authorization framework)')
		expect(sectionTitle({ source: 'RFC 6749', section: '99' })).toBe('RFC 6749: The OAuth 2.0 authorization framework')
	})
})

describe('a match', () => {
	test('prefers beginnings of words', () => {
		expect(match('tok', 'Renew token')?.matches).toEqual([6, 7, 8])
		const atStart = match('pay', 'Create payment')?.score ?? 0
		const inside = match('ayme', 'Create payment')?.score ?? 0
		expect(atStart).toBeGreaterThan(inside)
	})

	test('needs every word, in any order', () => {
		expect(match('token renew', 'Renew token')).not.toBeNull()
		expect(match('token delete', 'Renew token')).toBeNull()
	})

	test('finds letters in order when they are close', () => {
		expect(match('rnw', 'Renew token')?.matches).toEqual([0, 2, 4])
		expect(match('rn', 'raaaaaaaaaaaaan')).toBeNull()
	})

	test('fits everything when nothing is asked', () => {
		expect(match('', 'Anything')).toEqual({ score: 0, matches: [] })
	})
})
