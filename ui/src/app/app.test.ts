import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, test, vi } from 'vitest'
import { fixture } from '../lib/ipc/fixture'
import { Desk } from '../views/desk.svelte'
import App from './App.svelte'

async function open(scenario: string) {
	const desk = new Desk(fixture(scenario))
	const onready = vi.fn()
	render(App, { desk, onready })
	await waitFor(() => expect(onready).toHaveBeenCalledOnce())
	return { desk, user: userEvent.setup() }
}

const rows = () => [...document.querySelectorAll('[data-ladder] > li > button')].map((row) => row.getAttribute('aria-label') ?? '')

describe('the window', { timeout: 20_000 }, () => {
	test('one click on the first page sends, shows seven rows and puts the focus on the verdict', async () => {
		const { user } = await open('first-run')
		const start = screen.getByRole('button', { name: 'Start local gateway and send a signed request' })
		expect(document.activeElement).toBe(start)
		expect(screen.queryByRole('region', { name: 'What happened' })).toBeNull()
		await user.keyboard('{Enter}')
		const verdict = await screen.findByRole('heading', { level: 1, name: /over a trusted connection/ })
		await waitFor(() => expect(document.activeElement).toBe(verdict))
		expect(rows()).toHaveLength(7)
		expect(rows()[4]).toContain('TLS')
		expect(screen.getByRole('treeitem', { name: 'Create payment' }).getAttribute('aria-selected')).toBe('true')
		expect(screen.getByText('Break something on purpose')).toBeTruthy()
	})

	test('a fault on purpose opens its cause and says what was not sent', async () => {
		const { user } = await open('success')
		await user.click(screen.getByRole('button', { name: 'Expired certificate' }))
		await screen.findByRole('heading', { level: 1, name: /^Stopped at TLS/ })
		const cause = screen.getByRole('button', { name: /^5, TLS/ })
		expect(cause.getAttribute('aria-expanded')).toBe('true')
		expect(screen.getByText('none, stopped at TLS')).toBeTruthy()
		expect(screen.getByRole('alert').textContent).toContain('Stopped at TLS')
	})

	test('a send is said once, politely, and does not move the focus', async () => {
		const { user } = await open('success')
		const url = screen.getByRole('textbox', { name: 'URL' })
		await user.click(url)
		await user.keyboard('{Control>}{Enter}{/Control}')
		await waitFor(() => expect(screen.getAllByRole('status').map((one) => one.textContent)).toContain('201, 143 milliseconds, trusted, tls 1.3, signed'))
		expect(document.activeElement).toBe(url)
	})

	test('pages open from the sidebar, and Alt with the arrow leads back', async () => {
		const { user } = await open('success')
		for (const name of ['Local gateway', 'Tokens', 'Inspect a server', 'History', 'Settings']) {
			await user.click(screen.getByRole('button', { name }))
			expect(await screen.findByRole('main', { name })).toBeTruthy()
			expect(screen.queryByRole('region', { name: 'What happened' })).toBeNull()
		}
		await user.keyboard('{Alt>}{ArrowLeft}{/Alt}')
		expect(await screen.findByRole('main', { name: 'History' })).toBeTruthy()
		await user.click(screen.getByRole('treeitem', { name: 'Create payment' }))
		expect(await screen.findByRole('region', { name: 'What happened' })).toBeTruthy()
	})

	test('the palette opens by key, finds by letters and goes there', async () => {
		const { user } = await open('success')
		await user.keyboard('{Control>}k{/Control}')
		const palette = await screen.findByRole('dialog', { name: 'Command palette' })
		await user.keyboard('token of')
		expect(within(palette).getAllByRole('option')[0]?.textContent).toContain('Token of Demo client')
		await user.keyboard('{Enter}')
		expect(await screen.findByRole('main', { name: 'Token of Demo client' })).toBeTruthy()
	})

	test('a locked keychain asks on the credential row and the send goes on once it is answered', async () => {
		const { user } = await open('locked')
		await user.click(screen.getByRole('button', { name: 'Send' }))
		await screen.findByRole('heading', { level: 1, name: /^Not sent/ })
		expect(screen.getByRole('button', { name: /^1, Credential, needs you/ }).getAttribute('aria-expanded')).toBe('true')
		await user.click(await screen.findByRole('button', { name: 'Keep in memory until Countersign closes' }))
		await screen.findByRole('heading', { level: 1, name: /over a trusted connection/ })
	})

	test('edits are kept while another request is open', async () => {
		const { user } = await open('success')
		await user.type(screen.getByRole('textbox', { name: 'URL' }), '?draft')
		expect(screen.getByText('Edited')).toBeTruthy()
		await user.click(screen.getByRole('treeitem', { name: 'Payment status' }))
		await waitFor(() => expect(screen.getByRole('heading', { level: 2, name: /Payment status/ })).toBeTruthy())
		await user.click(screen.getByRole('treeitem', { name: 'Create payment' }))
		await waitFor(() => expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'URL' }).value).toContain('?draft'))
	})
})
