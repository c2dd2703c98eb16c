/** What divides the window: tabs, splits, pages, lists, the editor. */

import { EditorView } from '@codemirror/view'
import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { createRawSnippet } from 'svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Editor, Page, Split, Tabs, VirtualList } from '.'
import { success } from '../lib/ipc/fixture/exchanges'

const html = (text: string) => createRawSnippet(() => ({ render: () => text }))

describe('tabs', () => {
	const tabs = [
		{ id: 'content', label: 'Content' },
		{ id: 'fields', label: 'Fields', count: 4 },
		{ id: 'signing', label: 'Signing' },
	]
	const show = (onchange = vi.fn()) => {
		render(Tabs, {
			label: 'Request',
			tabs,
			value: 'content',
			onchange,
			panel: createRawSnippet((id: () => string) => ({ render: () => `<p>panel of ${id()}</p>` })),
		})
		return onchange
	}

	test('are one stop of Tab; arrows move and choose', async () => {
		const onchange = show()
		await userEvent.tab()
		expect(document.activeElement?.textContent).toContain('Content')
		await userEvent.keyboard('{ArrowRight}')
		expect(onchange).toHaveBeenLastCalledWith('fields')
		await userEvent.keyboard('{End}')
		expect(onchange).toHaveBeenLastCalledWith('signing')
		await userEvent.keyboard('{ArrowRight}')
		expect(onchange).toHaveBeenLastCalledWith('content')
	})

	test('name the panel of the chosen one', () => {
		show()
		const tab = screen.getByRole('tab', { selected: true })
		const panel = screen.getByRole('tabpanel')
		expect(panel.textContent).toBe('panel of content')
		expect(tab.getAttribute('aria-controls')).toBe(panel.id)
		expect(screen.getByRole('tab', { name: 'Fields 4' })).toBeTruthy()
	})
})

describe('a split', () => {
	// jsdom lays nothing out
	let height: ReturnType<typeof vi.spyOn>
	beforeEach(() => {
		height = vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600)
	})
	afterEach(() => height.mockRestore())

	const show = (size = 50) => {
		const onresize = vi.fn()
		render(Split, { direction: 'vertical', label: 'Request and response', first: html('<p>one</p>'), second: html('<p>two</p>'), size, onresize })
		return onresize
	}

	test('is moved by arrows and never comes closer than 120 px to an edge', async () => {
		const onresize = show()
		const handle = screen.getByRole('separator', { name: 'Request and response' })
		expect(handle.getAttribute('aria-orientation')).toBe('horizontal')
		expect(handle.getAttribute('aria-valuemin')).toBe('20')
		handle.focus()
		await userEvent.keyboard('{ArrowDown}')
		expect(onresize.mock.lastCall?.[0]).toBeCloseTo(52.67, 1)
		await userEvent.keyboard('{End}')
		expect(onresize).toHaveBeenLastCalledWith(80)
		await userEvent.keyboard('{ArrowDown}')
		expect(onresize).toHaveBeenLastCalledWith(80)
		await userEvent.keyboard('{Home}')
		expect(onresize).toHaveBeenLastCalledWith(20)
	})

	test('keeps its rows on the grid', () => {
		show(36.1)
		const first = screen.getByText('one').parentElement
		expect(first?.style.flexBasis).toBe('216px')
	})
})

describe('a page', () => {
	test('has a breadcrumb, a way back and the strip of its exchange', async () => {
		const onback = vi.fn()
		const oncrumb = vi.fn()
		render(Page, {
			title: 'Certificate chain',
			crumbs: [{ label: 'Create payment', onclick: oncrumb }],
			onback,
			ladder: success.ladder,
			step: 'TLS',
			children: html('<p>cards</p>'),
		})
		expect(screen.getByRole('main', { name: 'Certificate chain' })).toBeTruthy()
		const strip = within(screen.getByRole('navigation', { name: 'Steps of this exchange' }))
		expect(strip.getAllByRole('button')).toHaveLength(7)
		expect(strip.getByRole('button', { current: 'step' }).textContent).toContain('TLS')
		await userEvent.click(screen.getByRole('button', { name: 'Back' }))
		await userEvent.click(screen.getByRole('button', { name: 'Create payment' }))
		expect(onback).toHaveBeenCalledOnce()
		expect(oncrumb).toHaveBeenCalledOnce()
	})
})

describe('a long list', () => {
	test('asks for more when its end is near, once for each length', async () => {
		const onend = vi.fn()
		const item = createRawSnippet((one: () => unknown) => ({ render: () => `<p>${String(one())}</p>` }))
		const key = (one: unknown) => String(one)
		const view = render(VirtualList, { items: [1, 2, 3], key, item, onend })
		await waitFor(() => expect(onend).toHaveBeenCalledTimes(1))
		await view.rerender({ items: [1, 2, 3], key, item, onend })
		await view.rerender({ items: [1, 2, 3, 4], key, item, onend })
		await waitFor(() => expect(onend).toHaveBeenCalledTimes(2))
	})

	test('does not ask for more of nothing', async () => {
		const onend = vi.fn()
		render(VirtualList, { items: [], key: String, item: createRawSnippet(() => ({ render: () => '<p></p>' })), onend })
		await new Promise((resolve) => requestAnimationFrame(resolve))
		expect(onend).not.toHaveBeenCalled()
	})
})

describe('the editor', () => {
	const find = (root: HTMLElement) => {
		const content = root.querySelector('[data-editor]')?.shadowRoot?.querySelector<HTMLElement>('.cm-content')
		const view = content ? EditorView.findFromDOM(content) : null
		if (!content || !view) throw new Error('no editor')
		return { content, view }
	}

	test('has a name, and tells what is typed but not what it is given', async () => {
		const onchange = vi.fn()
		const { container, rerender } = render(Editor, { value: '{}', label: 'Content', language: 'json', onchange })
		const { content, view } = find(container)
		expect(content.getAttribute('aria-label')).toBe('Content')
		view.dispatch({ changes: { from: 1, insert: '"a": 1' } })
		expect(onchange).toHaveBeenLastCalledWith('{"a": 1}')
		await rerender({ value: '[]', label: 'Content', language: 'json', onchange })
		expect(find(container).view.state.doc.toString()).toBe('[]')
		expect(onchange).toHaveBeenCalledOnce()
	})

	test('is read-only where told so and above 1 MiB', async () => {
		const { container, rerender } = render(Editor, { value: 'x', label: 'Response content', readonly: true })
		expect(find(container).view.state.readOnly).toBe(true)
		await rerender({ value: 'x', label: 'Response content', readonly: false })
		expect(find(container).view.state.readOnly).toBe(false)
		await rerender({ value: 'x'.repeat(1024 * 1024 + 1), label: 'Response content', readonly: false })
		expect(find(container).view.state.readOnly).toBe(true)
	})

	test('opens its find bar with the focus in it and closes it with Escape', async () => {
		const { container, component } = render(Editor, { value: 'payments and payments', label: 'Response content', readonly: true })
		component.find()
		const { content } = find(container)
		const root = content.getRootNode() as ShadowRoot
		const field = await waitFor(() => {
			const found = root.querySelector<HTMLInputElement>('[main-field]')
			expect(found).not.toBeNull()
			return found as HTMLInputElement
		})
		field.value = 'pay'
		field.dispatchEvent(new Event('input'))
		expect(root.querySelector('[role=status]')?.textContent).toBe('1 of 2')
		field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
		expect(root.querySelector('[role=status]')?.textContent).toBe('2 of 2')
		field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
		expect(root.querySelector('[main-field]')).toBeNull()
	})
})
