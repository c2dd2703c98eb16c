/** Recomputes the contrast table of the design: the worst WCAG 2.2 ratio of each token against all nine grounds of its theme. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('src/design/tokens.css', 'utf8')

type Tokens = Record<string, string>

function block(selector: string): Tokens {
	const start = css.indexOf(`${selector} {`)
	const body = css.slice(start, css.indexOf('}', start))
	return Object.fromEntries([...body.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6});/g)].map((match) => [match[1]!, match[2]!]))
}

const light = block(':root')
const dark = { ...light, ...block(":root[data-theme='dark']") }

const GROUNDS = ['canvas', 'surface', 'sunken', 'hover', 'selected', 'ok-ground', 'caution-ground', 'invalid-ground', 'info-ground']

function luminance(hex: string): number {
	const [red, green, blue] = [1, 3, 5].map((at) => {
		const channel = parseInt(hex.slice(at, at + 2), 16) / 255
		return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
	}) as [number, number, number]
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function ratio(one: string, other: string): number {
	const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
	return (lighter + 0.05) / (darker + 0.05)
}

function worst(theme: Tokens, token: string): number {
	return Math.min(...GROUNDS.map((ground) => ratio(theme[token]!, theme[ground]!)))
}

/** Token, what it must reach, what the design says it reaches in light and dark. */
const TABLE: [token: string, least: number, light: number, dark: number][] = [
	['text', 4.5, 13.72, 10.32],
	['text-muted', 4.5, 6.02, 5.69],
	['text-faint', 4.5, 4.63, 4.59],
	['accent', 4.5, 5.01, 5.09],
	['code-string', 4.5, 5.99, 7.36],
	['ok', 4.5, 5.52, 7.11],
	['caution', 4.5, 5.42, 7.4],
	['invalid', 4.5, 5.36, 5.6],
	['info', 4.5, 5.27, 6.38],
	['border-control', 3, 3.19, 3.23],
	['bar', 3, 3.47, 3.22],
	['focus', 3, 4.07, 5.88],
]

describe.each([
	['light', light, 2],
	['dark', dark, 3],
] as const)('in the %s theme', (_, theme, column) => {
	it.each(TABLE)('%s is readable on every ground', (token, least, ...said) => {
		const found = worst(theme, token)
		expect(found).toBeGreaterThanOrEqual(least)
		expect(found).toBeCloseTo(said[column - 2]!, 1)
	})

	it('text on the accent is readable', () => {
		expect(ratio(theme['accent']!, theme['on-accent']!)).toBeCloseTo(column === 2 ? 6.18 : 7.53, 1)
	})
})

it('both themes name the same colours', () => {
	expect(Object.keys(block(":root[data-theme='dark']")).sort()).toEqual(Object.keys(light).sort())
})
