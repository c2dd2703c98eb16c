import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { describe, expect, test } from 'vitest'
import type { RequestDraft } from '../../lib/ipc/generated/RequestDraft'
import { Draft } from './draft.svelte'
import FieldsTab from './FieldsTab.svelte'

const saved: RequestDraft = {
	path: 'payments/create-payment',
	name: 'Create payment',
	method: 'POST',
	url: '{{base_url}}/payments',
	query: [],
	fields: [{ name: 'accept', value: 'application/json', off: false }],
	content_type: 'application/json',
	content: '{}',
}

function loaded(): Draft {
	const draft = new Draft()
	draft.load(saved)
	return draft
}

describe('a request draft', () => {
	test('is edited when something differs from what is saved, and no longer when it is typed back', () => {
		const draft = loaded()
		expect(draft.changed).toBe(false)
		draft.value.url = 'https://localhost'
		expect(draft.changed).toBe(true)
		draft.value.url = saved.url
		expect(draft.changed).toBe(false)
	})

	test('never saved counts as changed', () => {
		const draft = new Draft()
		const fresh = { ...saved }
		delete fresh.path
		draft.load(fresh)
		expect(draft.fresh).toBe(true)
		expect(draft.changed).toBe(true)
	})

	test('keeps what was typed while it was being saved', () => {
		const draft = loaded()
		draft.value.name = 'Create'
		const before = draft.snapshot()
		draft.value.name = 'Create a payment'
		draft.wrote(before, before)
		expect(draft.value.name).toBe('Create a payment')
		expect(draft.changed).toBe(true)
	})

	test('an emptied member is absent, not empty', () => {
		const draft = loaded()
		draft.setContent('')
		draft.setCredential('demo-client')
		draft.setScope('payments:read')
		draft.setSigning('demo-ed25519')
		expect(draft.snapshot()).toMatchObject({ authorization: { credential: 'demo-client', scope: 'payments:read' }, signing: 'demo-ed25519' })
		draft.setCredential('')
		draft.setSigning('')
		const snapshot = draft.snapshot()
		for (const member of ['content', 'authorization', 'signing']) expect(snapshot).not.toHaveProperty(member)
	})

	test('drops a digest typed by hand, whatever its case', () => {
		const draft = loaded()
		draft.setField('fields', 1, { name: 'Content-Digest', value: 'sha-256=:x:' })
		draft.dropField('content-digest')
		expect(draft.value.fields.map((field) => field.name)).toEqual(['accept'])
	})

	test('fields are added by typing below the last, switched off, and removed', async () => {
		const draft = loaded()
		const user = userEvent.setup()
		render(FieldsTab, { draft })
		expect(draft.fieldCount).toBe(2)
		await user.type(screen.getByLabelText('Name of a new field'), 'x-trace')
		expect(draft.value.fields).toHaveLength(2)
		expect(draft.fieldCount).toBe(3)
		await user.click(screen.getByRole('checkbox', { name: 'Send accept' }))
		expect(draft.value.fields[0]?.off).toBe(true)
		await user.click(screen.getByRole('button', { name: 'Remove x-trace' }))
		expect(draft.value.fields.map((field) => field.name)).toEqual(['accept'])
		expect(draft.changed).toBe(true)
	})
})
