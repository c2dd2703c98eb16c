import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { createRawSnippet } from 'svelte'
import { describe, expect, test, vi } from 'vitest'
import { Button, CitationChip, CopyButton, Field, IconButton, ProblemNote, Select } from '.'

const text = (words: string) => createRawSnippet(() => ({ render: () => `<span>${words}</span>` }))

describe('a disabled button', () => {
	test('keeps the focus, says why, and does nothing', async () => {
		const onclick = vi.fn()
		render(Button, { onclick, disabled: true, title: 'Choose a credential first', children: text('Renew token') })
		const button = screen.getByRole('button', { name: 'Renew token' })
		await userEvent.tab()
		expect(document.activeElement).toBe(button)
		expect(button.getAttribute('aria-disabled')).toBe('true')
		expect(button.title).toBe('Choose a credential first')
		await userEvent.keyboard('{Enter}')
		await userEvent.click(button)
		expect(onclick).not.toHaveBeenCalled()
	})

	test('does not submit its form', async () => {
		const form = document.createElement('form')
		const submitted = vi.fn((event: Event) => event.preventDefault())
		form.addEventListener('submit', submitted)
		document.body.append(form)
		render(Button, { type: 'submit', disabled: true, children: text('Save') }, { baseElement: form })
		await userEvent.click(screen.getByRole('button', { name: 'Save' }))
		expect(submitted).not.toHaveBeenCalled()
		form.remove()
	})
})

test('an icon has a name and a tooltip', () => {
	render(IconButton, { label: 'Older exchange', title: 'Older exchange, Alt+↑', children: text('') })
	expect(screen.getByRole('button', { name: 'Older exchange' }).title).toBe('Older exchange, Alt+↑')
})

describe('a copy button', () => {
	test('says "Copied" for a second and a half', async () => {
		vi.useFakeTimers()
		const user = userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) })
		render(CopyButton, { label: 'Copy base', oncopy: () => Promise.resolve() })
		await user.click(screen.getByRole('button', { name: 'Copy base' }))
		expect(screen.getByRole('status').textContent).toBe('Copied')
		await vi.advanceTimersByTimeAsync(1500)
		expect(screen.getByRole('status').textContent).toBe('')
		vi.useRealTimers()
	})

	test('says so when it could not', async () => {
		render(CopyButton, { label: 'Copy', name: 'Copy API address', kind: 'link', oncopy: () => Promise.reject(new Error('no clipboard')) })
		await userEvent.click(screen.getByRole('button', { name: 'Copy API address' }))
		expect(screen.getByRole('status').textContent).toBe('Not copied')
	})
})

test('a problem is an alert with what, operands and what to do', () => {
	render(ProblemNote, {
		problem: {
			code: 'vault.locked',
			fault: 'environment',
			severity: 'error',
			title: 'the system keychain is locked',
			detail: 'Secret Service, collection login',
			hints: ['Unlock it.'],
		},
	})
	const note = screen.getByRole('alert')
	expect(note.textContent).toContain('The system keychain is locked')
	expect(note.textContent).toContain('Secret Service, collection login')
	expect(note.textContent).toContain('Unlock it.')
})

test('a citation leads to its section and explains itself', () => {
	render(CitationChip, { citation: { source: 'RFC 5280', section: '4.1.2.5' } })
	const link = screen.getByRole('link', { name: 'RFC 5280 §4.1.2.5' })
	expect(link.getAttribute('href')).toBe('https://www.rfc-editor.org/rfc/rfc5280.html#section-4.1.2.5')
	expect(link.title).toContain('Validity')
})

test('what is no RFC is no link', () => {
	render(CitationChip, { citation: { source: 'practice', section: '' } })
	expect(screen.queryByRole('link')).toBeNull()
	expect(screen.getByText('practice')).toBeTruthy()
})

test("a field's error and help belong to it", async () => {
	const oninput = vi.fn()
	render(Field, { label: 'Host', value: '', problem: 'A host is missing.', help: 'With a port, or 443.', oninput })
	const field = screen.getByRole('textbox', { name: 'Host' })
	expect(field.getAttribute('aria-invalid')).toBe('true')
	const said = (field.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent)
	expect(said).toEqual(['A host is missing.', 'With a port, or 443.'])
	await userEvent.type(field, 'a')
	expect(oninput).toHaveBeenCalledWith('a')
})

test('a choice tells the value, not the label', async () => {
	const onchange = vi.fn()
	const options = [
		{ value: 'rfc', label: 'RFC 6749' },
		{ value: 'ngenius', label: 'N-Genius Online' },
	]
	render(Select, { label: 'Dialect', value: 'rfc', options, onchange })
	await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Dialect' }), 'N-Genius Online')
	expect(onchange).toHaveBeenCalledWith('ngenius')
})
