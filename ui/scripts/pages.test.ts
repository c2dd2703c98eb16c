/** The whole window over every fixture: it opens, and axe finds nothing. Contrast is the tokens' own test. */

import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import axe from 'axe-core'
import { expect, test } from 'vitest'
import App from '../src/app/App.svelte'
import { FIXTURES, fixture } from '../src/lib/ipc/fixture'
import { Desk } from '../src/views/desk.svelte'

async function open(name: string): Promise<void> {
	const desk = new Desk(fixture(name, { latency: 0, pace: 0 }))
	render(App, { desk, onready: () => undefined })
	// the ladder of the exchange in view, or the first-run page
	await waitFor(() => expect(screen.queryByText('What this proves') ?? screen.queryByRole('button', { name: /^Start local gateway/ })).not.toBeNull())
	await new Promise((resolve) => setTimeout(resolve, 50))
}

async function violations(): Promise<string[]> {
	// no style sheet is loaded here: what only a narrow window shows is there too, and belongs to no landmark
	const rules = { 'color-contrast': { enabled: false }, region: { enabled: false } }
	const found = await axe.run(document.body, { rules, resultTypes: ['violations'] })
	return found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1] ?? ''}`))
}

test.each(FIXTURES)('%s opens and is accessible', { timeout: 30_000 }, async (name) => {
	await open(name)
	expect(await violations()).toEqual([])
})

test.each(['Local gateway', 'Inspect a server', 'History', 'Settings'])('the page %s opens from the sidebar and is accessible', { timeout: 30_000 }, async (name) => {
	await open('success')
	await userEvent.click(screen.getByRole('button', { name: new RegExp(`^${name}`) }))
	await screen.findByRole('main', { name })
	await new Promise((resolve) => setTimeout(resolve, 100))
	expect(await violations()).toEqual([])
})

test.each(['Open chain', 'Open token', 'Open signature base'])('"%s" leads to a page with the strip', { timeout: 30_000 }, async (action) => {
	await open('success')
	const step = { 'Open chain': /^5, TLS/, 'Open token': /^2, Token/, 'Open signature base': /^6, Signature/ }[action]
	await screen.findByRole('button', { name: step as RegExp })
	if (!screen.queryByRole('button', { name: action })) await userEvent.click(screen.getByRole('button', { name: step as RegExp }))
	await userEvent.click(await screen.findByRole('button', { name: action }))
	await screen.findByRole('navigation', { name: 'Steps of this exchange' })
	await new Promise((resolve) => setTimeout(resolve, 100))
	expect(await violations()).toEqual([])
})
