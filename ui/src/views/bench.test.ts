import { describe, expect, test } from 'vitest'
import { fixture } from '../lib/ipc/fixture'
import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'
import type { Transport } from '../lib/ipc'
import { Bench } from './bench.svelte'
import { Desk } from './desk.svelte'

/** A host whose next send is answered by hand. */
function byHand(): { ipc: Transport; answer: (view: ExchangeView) => void; refuse: (reason: unknown) => void } {
	const ipc = fixture('success')
	let settle: { resolve: (view: ExchangeView) => void; reject: (reason: unknown) => void } | undefined
	const sent = () => new Promise<ExchangeView>((resolve, reject) => (settle = { resolve, reject }))
	const stream = ((name, args, onprogress) => (name === 'send' ? sent() : ipc.stream(name, args, onprogress))) as Transport['stream']
	return { ipc: { ...ipc, stream }, answer: (view) => settle?.resolve(view), refuse: (reason) => settle?.reject(reason) }
}

async function opened() {
	const host = byHand()
	const desk = new Desk(host.ipc)
	await desk.open()
	const bench = new Bench(desk)
	await bench.restore()
	const { view } = bench
	if (!view) throw new Error('the fixture has an exchange in view')
	return { ...host, desk, bench, view }
}

/** The exchange with an earlier attempt that was refused. */
function retried(view: ExchangeView): ExchangeView {
	const evidence = { ...view.evidence, exchange: '01retried' }
	const first = { ...view.evidence, exchange: '01first', reason: 'token_renewed' as const }
	return {
		...view,
		evidence: { ...evidence, previous_attempts: [first] },
		ladder: { ...view.ladder, attempts: 2 },
		previous: [{ ...view.ladder, title: 'Refused by the server: the token expired' }],
	}
}

describe('the bench', () => {
	test('opens what was open last, with its exchange', async () => {
		const { bench } = await opened()
		expect(bench.draft.value.path).toBe('payments/create-payment')
		expect(bench.ladder?.title).toContain('over a trusted connection')
		expect(bench.rows.open.has('tls')).toBe(true)
	})

	test('shows the last attempt and leads to the earlier one, its evidence with it', async () => {
		const { bench, view, answer } = await opened()
		const sent = bench.send()
		answer(retried(view))
		await sent
		expect([bench.attempt, bench.attempts]).toEqual([2, 2])
		bench.showAttempt(1)
		expect(bench.ladder?.title).toBe('Refused by the server: the token expired')
		expect(bench.evidence?.exchange).toBe('01first')
		bench.showAttempt(0)
		expect(bench.attempt).toBe(1)
	})

	test('an answer to a request that was left waits for its return', async () => {
		const { bench, view, answer } = await opened()
		const sent = bench.send()
		await bench.openRequest('payments/payment-status')
		answer({ ...view, evidence: { ...view.evidence, exchange: '01late' } })
		await sent
		expect(bench.view).toBeNull()
		await bench.openRequest('payments/create-payment')
		expect(bench.view?.evidence.exchange).toBe('01late')
	})

	test('a live environment asks once before something is changed there', async () => {
		const { bench, desk, view, answer } = await opened()
		const workspace = desk.workspace.value
		if (!workspace) throw new Error('the fixture has a workspace')
		desk.workspace.value = { ...workspace, environments: workspace.environments.map((one) => ({ ...one, live: true })) }
		await bench.send()
		expect(bench.running).toBeNull()
		bench.asking?.send()
		expect(bench.running).not.toBeNull()
		answer(view)
		await Promise.resolve()
		await new Promise((resolve) => setTimeout(resolve))
		void bench.send()
		expect(bench.asking).toBeNull()
	})

	test('a keychain that is locked becomes the row that asks, and nothing counts as an exchange', async () => {
		const { bench, refuse } = await opened()
		const sent = bench.send()
		refuse({ code: 'vault.locked', fault: 'environment', severity: 'error', title: 'the system keychain is locked', detail: '', hints: [] })
		await sent
		expect(bench.ladder?.rows[0]).toMatchObject({ step: 'credential', state: 'needs_you' })
		expect(bench.evidence).toBeNull()
	})
})
