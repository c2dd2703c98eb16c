/** What lies over the window: menus, dialogs, the command list. Keyboard and focus first. */

import { render, screen, waitFor } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { createRawSnippet } from 'svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CommandList, Dialog, Menu } from '.'

const html = (text: string) => createRawSnippet(() => ({ render: () => text }))

let opener: HTMLButtonElement

beforeEach(() => {
	opener = document.createElement('button')
	opener.textContent = 'Opener'
	document.body.append(opener)
	opener.focus()
})
afterEach(() => opener.remove())

describe('a menu', () => {
	// nothing is laid out here, so the popover stays hidden for want of a place
	const open = async (items = [{ label: 'JSON', onselect: vi.fn() }, { label: 'HAR', onselect: vi.fn() }]) => {
		render(Menu, { label: 'Save evidence', items })
		const trigger = screen.getByRole('button', { name: 'Save evidence' })
		trigger.focus()
		await userEvent.keyboard('{Enter}')
		await screen.findByRole('menu', { hidden: true })
		return { trigger, items }
	}

	test('opens from the keyboard, walks with arrows, chooses with Enter', async () => {
		const { items } = await open()
		await waitFor(() => expect(document.activeElement?.textContent).toContain('JSON'))
		await userEvent.keyboard('{ArrowDown}')
		expect(document.activeElement?.textContent).toContain('HAR')
		await userEvent.keyboard('{Enter}')
		expect(items[1]?.onselect).toHaveBeenCalledOnce()
		await waitFor(() => expect(screen.queryByRole('menu', { hidden: true })).toBeNull())
	})

	test('closes with Escape and gives the focus back', async () => {
		const { trigger } = await open()
		await userEvent.keyboard('{Escape}')
		await waitFor(() => expect(screen.queryByRole('menu', { hidden: true })).toBeNull())
		await waitFor(() => expect(document.activeElement).toBe(trigger))
	})

	test('disabled, it keeps the focus and stays closed', async () => {
		render(Menu, { label: 'More token faults', disabled: true, items: [{ label: 'Replay', onselect: vi.fn() }] })
		const trigger = screen.getByRole('button', { name: 'More token faults' })
		trigger.focus()
		expect(document.activeElement).toBe(trigger)
		await userEvent.keyboard('{Enter}')
		await userEvent.click(trigger)
		expect(screen.queryByRole('menu', { hidden: true })).toBeNull()
	})
})

describe('a dialog', () => {
	const show = (onclose = vi.fn()) => {
		const view = render(Dialog, {
			title: 'Clear history?',
			onclose,
			children: html('<p>Every exchange is removed.</p>'),
			actions: html('<span><button type="button">Keep</button><button type="button">Clear history</button></span>'),
		})
		return { onclose, view }
	}

	test('has its title as name and the focus on its first button', async () => {
		show()
		const dialog = await screen.findByRole('dialog', { name: 'Clear history?' })
		expect(dialog.getAttribute('aria-modal')).toBe('true')
		await waitFor(() => expect(document.activeElement?.textContent).toBe('Keep'))
	})

	test('puts the focus into its first field where it has one', async () => {
		render(Dialog, { title: 'Unlock', onclose: vi.fn(), children: html('<label>Passphrase <input /></label>') })
		await waitFor(() => expect(document.activeElement?.tagName).toBe('INPUT'))
	})

	test('keeps the focus inside', async () => {
		show()
		await waitFor(() => expect(document.activeElement?.textContent).toBe('Keep'))
		await userEvent.tab()
		expect(document.activeElement?.textContent).toBe('Clear history')
		await userEvent.tab()
		expect(document.activeElement?.textContent).toBe('Keep')
	})

	test('asks to be closed by Escape, once', async () => {
		const { onclose } = show()
		await screen.findByRole('dialog')
		await userEvent.keyboard('{Escape}')
		expect(onclose).toHaveBeenCalledOnce()
	})

	test('gives the focus back when it goes', async () => {
		const { view } = show()
		await waitFor(() => expect(document.activeElement?.textContent).toBe('Keep'))
		view.unmount()
		await waitFor(() => expect(document.activeElement).toBe(opener))
	})
})

describe('the command list', () => {
	const groups = [
		{
			label: 'Actions',
			items: [
				{ id: 'renew', label: 'Renew token', matches: [6, 7, 8], shortcut: ['Mod', 'Shift', 'R'] },
				{ id: 'copy', label: 'Copy token' },
			],
		},
		{ label: 'Go to', items: [{ id: 'token', label: 'Token of Demo client' }] },
	]
	const show = () => {
		const told = { onselect: vi.fn(), onclose: vi.fn(), onquery: vi.fn() }
		const view = render(CommandList, { label: 'Command palette', query: 'tok', groups, ...told })
		return { ...told, view }
	}
	const chosen = () => screen.getByRole('option', { selected: true }).textContent

	test('is a combobox over a list of groups, with the first row chosen', async () => {
		show()
		const field = await screen.findByRole('combobox', { name: 'Command palette' })
		await waitFor(() => expect(document.activeElement).toBe(field))
		expect(screen.getAllByRole('group')).toHaveLength(2)
		expect(chosen()).toContain('Renew token')
		expect(document.getElementById(field.getAttribute('aria-activedescendant') ?? '')).toBe(screen.getByRole('option', { selected: true }))
	})

	test('walks over groups and around its ends', async () => {
		show()
		await userEvent.click(await screen.findByRole('combobox'))
		await userEvent.keyboard('{ArrowDown}{ArrowDown}')
		expect(chosen()).toContain('Token of Demo client')
		await userEvent.keyboard('{ArrowDown}')
		expect(chosen()).toContain('Renew token')
		await userEvent.keyboard('{ArrowUp}')
		expect(chosen()).toContain('Token of Demo client')
		await userEvent.keyboard('{Home}')
		expect(chosen()).toContain('Renew token')
	})

	test('runs the chosen row with Enter, a clicked one at once', async () => {
		const { onselect } = show()
		await userEvent.click(await screen.findByRole('combobox'))
		await userEvent.keyboard('{ArrowDown}{Enter}')
		expect(onselect).toHaveBeenLastCalledWith('copy')
		await userEvent.click(screen.getByText(/of Demo client/))
		expect(onselect).toHaveBeenLastCalledWith('token')
	})

	test('tells what is typed and asks to be closed by Escape', async () => {
		const { onquery, onclose } = show()
		await userEvent.type(await screen.findByRole('combobox'), 'e')
		expect(onquery).toHaveBeenCalledWith('toke')
		await userEvent.keyboard('{Escape}')
		expect(onclose).toHaveBeenCalledOnce()
	})

	test('marks the letters that matched', async () => {
		show()
		await screen.findByRole('combobox')
		expect([...document.querySelectorAll('[role=option] b')].map((one) => one.textContent)).toEqual(['tok'])
	})

	test('gives the focus back when it goes', async () => {
		const { view } = show()
		await waitFor(() => expect(document.activeElement?.tagName).toBe('INPUT'))
		view.unmount()
		await waitFor(() => expect(document.activeElement).toBe(opener))
	})

	test('says so where nothing matches', async () => {
		render(CommandList, { label: 'Command palette', query: 'zzz', groups: [], onselect: vi.fn(), onclose: vi.fn(), onquery: vi.fn() })
		expect((await screen.findByRole('status')).textContent).toBe('Nothing matches.')
	})
})
