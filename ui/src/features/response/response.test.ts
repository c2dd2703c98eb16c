import { describe, expect, test } from 'vitest'
import { indented, kindOf } from './body.svelte'
import { FOLD, Lines } from './lines.svelte'
import { subjectOf, type Evidence } from './subject'

function reader(text: string) {
	const bytes = new TextEncoder().encode(text)
	const asked: [number, number][] = []
	const read = (_reference: string, offset: number, length: number) => {
		asked.push([offset, length])
		return Promise.resolve(bytes.slice(offset, offset + length).buffer)
	}
	return { read, length: bytes.length, asked }
}

const timing = { credential: 0, token: 0, name: 0, tcp: 0, tls: 0, sign: 0, request: 0, first_byte: 0, content: 0, total: 64_000, overhead: 0 }

describe('a large content', () => {
	test('is read by ranges and cut into lines with their offsets', async () => {
		const text = Array.from({ length: 50_000 }, (_, index) => `line ${index}`).join('\n')
		const { read, length, asked } = reader(text)
		const lines = new Lines('sha256:x', length, read)
		await lines.more()
		expect(asked).toEqual([[0, 262_144]])
		while (!lines.complete) await lines.more()
		expect(lines.rows).toHaveLength(50_000)
		const last = lines.rows.at(-1)
		expect(last && lines.text(last)).toBe('line 49999')
	})

	test('folds what a line has beyond ten thousand characters', async () => {
		const { read, length } = reader(`${'x'.repeat(25_000)}\nend`)
		const lines = new Lines('sha256:x', length, read)
		await lines.more()
		expect(lines.rows[0]).toMatchObject({ number: 1, length: FOLD, folded: 15_000 })
		lines.unfold(0)
		expect(lines.rows[1]).toMatchObject({ number: 1, continued: true, length: FOLD, folded: 5000 })
		expect(lines.rows[2]).toMatchObject({ number: 2, length: 3 })
	})
})

describe('JSON', () => {
	test('is indented without touching a number or an escape', () => {
		expect(indented('{"a":1.0,"b":[1e5,"\\u00e9 {x}"],"c":{}}')).toBe('{\n  "a": 1.0,\n  "b": [\n    1e5,\n    "\\u00e9 {x}"\n  ],\n  "c": {}\n}')
		expect(indented('{"a":')).toBeNull()
	})

	test('is known by its media type', () => {
		expect(kindOf('application/problem+json; charset=utf-8')).toBe('json')
		expect(kindOf('text/html')).toBe('text')
	})
})

describe('what the response pane is about', () => {
	const base: Evidence = { outcome: 'failed', timing, failed_step: 'tls' }

	test('says at which step it stopped', () => {
		expect(subjectOf(base).facts).toBe('none, stopped at TLS')
		expect(subjectOf({ ...base, outcome: 'cancelled' }).facts).toBe('none, cancelled')
	})

	test('shows the authorization server’s own answer when the API was not called', () => {
		const call = {
			request: { method: 'POST', target: 'https://auth.pay.example/oauth2/token', fields: [], sent: true },
			response: { status: 401, reason: 'Unauthorized', fields: [], content: { length: 96 } },
			timing,
		}
		const subject = subjectOf({ ...base, failed_step: 'token', token: { state: 'dead', generation: 0, exchange: call as never } })
		expect(subject.facts).toBe('none, the API was not called')
		expect(subject.other).toEqual({ of: 'auth.pay.example', facts: '401 Unauthorized · 64 ms · 96 B' })
	})
})
