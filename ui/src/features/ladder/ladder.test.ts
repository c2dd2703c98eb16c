import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, test, vi } from 'vitest'
import type { Ladder as LadderView } from '../../lib/ipc/generated/Ladder'
import type { LadderRow } from '../../lib/ipc/generated/LadderRow'
import type { Step } from '../../lib/ipc/generated/Step'
import Attempts from './Attempts.svelte'
import Ladder from './Ladder.svelte'
import { OpenRows } from './open_rows.svelte'
import { Running } from './running.svelte'
import { around, elide, narrow } from './words'

const STEPS: [Step, string][] = [
	['credential', 'Credential'],
	['token', 'Token'],
	['name', 'Name'],
	['tcp', 'TCP'],
	['tls', 'TLS'],
	['signature', 'Signature'],
	['response', 'Response'],
]

function rows(change: Partial<Record<Step, Partial<LadderRow>>> = {}): LadderRow[] {
	return STEPS.map(([step, title], index) => ({
		number: String(index + 1),
		step,
		title,
		state: 'done',
		fact: `${title} fact`,
		start_us: index * 1000,
		duration_us: 1000,
		spoken: `${index + 1}, ${title}, ${title} fact`,
		details: [{ name: 'Detail', value: `detail of ${title}` }],
		chain: [],
		compared: [],
		causes: [],
		ruled_out: [],
		actions: [],
		inner: [],
		...change[step],
	}))
}

function ladder(list: LadderRow[], open: Step): LadderView {
	return { title: '', subtitle: '', attempts: 1, rows: list, proves: [], pills: [], open }
}

function show(list: LadderRow[], opens: Step = 'tls') {
	const open = new OpenRows()
	open.show(ladder(list, opens))
	const onaction = vi.fn()
	const onevidence = vi.fn()
	render(Ladder, { rows: list, open, onaction, onevidence })
	return { open, onaction, onevidence, user: userEvent.setup(), row: (name: string) => screen.getByRole('button', { name: new RegExp(`\\d, ${name}`) }) }
}

describe('the ladder', () => {
	test('is one tab stop that starts on the row that opened by itself', async () => {
		const { user, row } = show(rows())
		await user.tab()
		expect(document.activeElement).toBe(row('TLS'))
		expect(row('TLS').getAttribute('aria-expanded')).toBe('true')
		expect(screen.getAllByRole('button').filter((one) => one.tabIndex === 0 && one.dataset['step'] !== undefined)).toHaveLength(1)
	})

	test('moves by arrow, Home and End and opens by Enter, one row at a time', async () => {
		const { user, row } = show(rows())
		await user.tab()
		await user.keyboard('{ArrowUp}{ArrowUp}')
		expect(document.activeElement).toBe(row('Name'))
		await user.keyboard('{Enter}')
		expect(row('Name').getAttribute('aria-expanded')).toBe('true')
		expect(row('TLS').getAttribute('aria-expanded')).toBe('false')
		await user.keyboard('{End}')
		expect(document.activeElement).toBe(row('Response'))
		await user.keyboard('{Home}{ArrowRight}')
		expect(row('Credential').getAttribute('aria-expanded')).toBe('true')
		await user.keyboard('{ArrowLeft}')
		expect(row('Credential').getAttribute('aria-expanded')).toBe('false')
	})

	test('keeps several rows open with Alt', async () => {
		const { user, row } = show(rows())
		await user.tab()
		await user.keyboard('{ArrowDown}{Alt>}{Enter}{/Alt}')
		expect(row('Signature').getAttribute('aria-expanded')).toBe('true')
		expect(row('TLS').getAttribute('aria-expanded')).toBe('true')
		await user.keyboard('{Alt>}')
		await user.click(row('Token'))
		await user.keyboard('{/Alt}')
		expect(screen.getAllByRole('button', { expanded: true })).toHaveLength(3)
	})

	test('a row that holds nothing says so instead of opening', async () => {
		const { user, row } = show(rows({ signature: { state: 'not_reached', details: [] } }))
		expect(row('Signature').getAttribute('aria-disabled')).toBe('true')
		await user.click(row('Signature'))
		expect(row('Signature').hasAttribute('aria-expanded')).toBe(false)
	})

	test('the cause opens with its certainty, what was ruled out, a hint and its actions', async () => {
		const list = rows({
			token: {
				state: 'cause',
				causes: [
					{ certainty: 'proven', sentence: 'The stored secret ends with a line break.' },
					{ certainty: 'likely', sentence: 'The server wants the raw Basic encoding.' },
				],
				ruled_out: ['clock', 'empty half'],
				hint: 'Replace the secret.',
				actions: ['replace_secret', 'open_token_exchange'],
			},
		})
		const { user, onaction } = show(list, 'token')
		for (const words of ['Proven', 'Likely', 'Ruled out', 'clock, empty half', 'Hint', 'Replace the secret.']) expect(screen.getByText(words)).toBeTruthy()
		await user.click(screen.getByRole('button', { name: 'Replace secret' }))
		expect(onaction).toHaveBeenCalledWith('replace_secret', list[1])
		expect(screen.getByRole('button', { name: 'Open exchange' })).toBeTruthy()
	})

	test('marks the first differing character of a signed component at both ends', () => {
		show(
			rows({
				signature: {
					state: 'cause',
					compared: [
						{ component: '"@method"', ours: 'POST', theirs: 'POST', differs: false },
						{ component: '"content-digest"', ours: 'sha-256=:vxW6I5G5A2kKq9:', theirs: 'sha-256=:toZu0ONq2xVbE1:', differs: true, at: 9 },
					],
				},
			}),
			'signature',
		)
		expect([...document.querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual(['v', 't'])
	})
})

describe('the attempts switch', () => {
	test('says one attempt where there was one', () => {
		render(Attempts, { shown: 1, count: 1, onshow: vi.fn() })
		expect(screen.getByText('1 attempt')).toBeTruthy()
	})

	test('goes to earlier and later attempts and stops at the ends', async () => {
		const onshow = vi.fn()
		const user = userEvent.setup()
		render(Attempts, { shown: 2, count: 2, onshow })
		expect(screen.getByText('2 of 2')).toBeTruthy()
		expect(screen.getByRole('button', { name: 'Later attempt' }).getAttribute('aria-disabled')).toBe('true')
		await user.click(screen.getByRole('button', { name: 'Later attempt' }))
		expect(onshow).not.toHaveBeenCalled()
		await user.click(screen.getByRole('button', { name: 'Earlier attempt' }))
		expect(onshow).toHaveBeenCalledWith(1)
	})
})

describe('a send under way', () => {
	test('fills the places of the rows and ignores the child exchange', () => {
		const running = new Running(true)
		running.take({ kind: 'started', exchange: 'a' })
		running.take({ kind: 'step', event: { exchange: 'a', step: 'token', at_us: 900, state: 'running', facts: [] } })
		running.take({ kind: 'step', event: { exchange: 'b', step: 'tls', at_us: 950, state: 'running', facts: [] } })
		expect(running.step).toBe('token')
		running.take({ kind: 'step', event: { exchange: 'a', step: 'token', at_us: 39_000, state: 'done', facts: [{ name: 'life', value: 'new' }] } })
		const token = running.rows[1]
		expect(token).toMatchObject({ state: 'done', start_us: 900, duration_us: 38_100, fact: 'new' })
		expect(running.rows[4]?.state).toBe('not_reached')
	})
})

describe('long values', () => {
	test('keep both ends, or the part that tells them apart', () => {
		expect(elide('abcdefghij', 5)).toBe('ab…ij')
		expect(narrow('https://localhost:8443/v1/payments', 18)).toBe('…:8443/v1/payments')
		expect(around('sha-256=:vxW6I5G5A2abcdefpvo=:', 9, 17)).toEqual({ before: '…:', mark: 'v', after: 'xW6I5G5…fpvo=:' })
		expect(around('POST', 0, 17)).toEqual({ before: '', mark: 'P', after: 'OST' })
	})
})
