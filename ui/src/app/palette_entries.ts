/** What the palette offers: the shortcuts' actions, pages, requests, credentials, exchanges. */

import {
	Copy,
	FileBadge,
	FilePlus,
	Globe,
	Keyboard,
	KeyRound,
	Layers,
	PanelLeft,
	PanelRight,
	Power,
	RefreshCw,
	RotateCcwClock,
	Save,
	ScanSearch,
	ScrollText,
	Search,
	Send,
	Server,
	Settings,
	Timer,
	Trash,
	X,
} from '@lucide/svelte'
import type { Component } from 'svelte'
import { duration } from '../features/ladder'
import type { Entry, Group } from '../features/palette'
import { clock } from '../lib/format'
import type { Bench } from '../views/bench.svelte'
import type { Desk } from '../views/desk.svelte'
import { KEYMAP, type KeyId } from './keymap'

/** Shortcuts that are actions; the others lead somewhere or mean something only where the keyboard is. */
const ACTIONS: Partial<Record<KeyId, Component>> = {
	send: Send,
	cancel: X,
	renew_token: RefreshCw,
	new_request: FilePlus,
	save_request: Save,
	copy_curl: Copy,
	save_evidence: Save,
	gateway: Power,
	environment: Layers,
	url: Globe,
	find: Search,
	sidebar: PanelLeft,
	inspector: PanelRight,
	shortcuts: Keyboard,
}

export function entries(desk: Desk, bench: Bench, perform: (id: KeyId) => void, credential: string | undefined): Entry[] {
	const list: Entry[] = []
	const add = (group: Group, id: string, label: string, icon: Component, run: () => void, more: { note?: string; shortcut?: string[] } = {}) =>
		list.push({ id, group, label, icon, run, ...more })
	const keys = (id: KeyId) => ({ shortcut: (KEYMAP.find((one) => one.id === id)?.keys[0] ?? '').split('+') })

	const token = (name: 'token_copy' | 'token_discard', of: string) => void desk.ipc.call(name, { credential: of }).catch(() => undefined)

	for (const { id, does } of KEYMAP) {
		const icon = ACTIONS[id]
		if (!icon || (id === 'cancel' && !bench.running) || (id === 'renew_token' && credential === undefined)) continue
		const note = id === 'renew_token' && credential !== undefined ? { note: left(desk, credential) } : {}
		add('Actions', `key:${id}`, does, icon, () => perform(id), { ...keys(id), ...note })
	}
	const { routes } = desk
	const { view } = bench
	for (const one of desk.credentials.value ?? []) {
		if (!one.token || one.token.token.state === 'absent') continue
		add('Actions', `copy:${one.name}`, 'Copy token', Copy, () => token('token_copy', one.name), { note: `${one.title}, cleared after 30 s` })
		add('Actions', `discard:${one.name}`, 'Discard token', Trash, () => token('token_discard', one.name), { note: one.title })
		add('Go to', `token:${one.name}`, `Token of ${one.title}`, ScrollText, () => routes.go({ name: 'token', credential: one.name }), {
			note: `generation ${one.token.token.generation}`,
		})
	}
	const seen = { note: 'of the exchange in view' }
	if (view && view.evidence.certificates.length > 0) add('Go to', 'page:chain', 'Certificate chain', FileBadge, () => routes.go({ name: 'chain', view }), seen)
	if (view?.evidence.signature) add('Go to', 'page:signature', 'Signature base', ScrollText, () => routes.go({ name: 'signature', view }), seen)
	add('Go to', 'page:gateway', 'Local gateway', Server, () => routes.go({ name: 'gateway' }), { note: '127.0.0.1 only' })
	add('Go to', 'page:zoo', 'Zoo of broken TLS', Server, () => routes.go({ name: 'zoo' }), { note: 'lessons of the local gateway' })
	add('Go to', 'page:watch', 'Certificates', FileBadge, () => routes.go({ name: 'watch' }), { note: 'watched endpoints' })
	add('Go to', 'page:inspect', 'Inspect a server', ScanSearch, () => routes.go({ name: 'inspect' }), keys('inspect'))
	add('Go to', 'page:history', 'History', RotateCcwClock, () => routes.go({ name: 'history' }))
	add('Go to', 'page:credentials', 'Credentials', KeyRound, () => routes.go({ name: 'credentials' }))
	add('Go to', 'page:recipes', 'Recipes', ScrollText, () => routes.go({ name: 'recipes' }), { note: 'how a token is asked for' })
	add('Go to', 'page:tokens', 'Tokens', Timer, () => routes.go({ name: 'tokens' }), { note: 'life, renewals, uses' })
	add('Go to', 'page:settings', 'Settings', Settings, () => routes.go({ name: 'settings' }), keys('settings'))
	for (const row of desk.requests) {
		const note = desk.folders(row.path).join(' › ')
		add('Requests', `request:${row.path}`, `${row.method} ${row.name}`, Send, () => void bench.openRequest(row.path), { note })
	}
	for (const one of desk.credentials.value ?? []) {
		const go = () => routes.go({ name: 'credentials', credential: one.name })
		add('Credentials', `credential:${one.name}`, one.title, KeyRound, go, { note: one.client_id })
	}
	for (const row of (desk.exchanges.value ?? []).slice(0, 50)) {
		const outcome = row.status === undefined ? row.code : `${row.status} in ${duration(row.duration_us)}`
		add('Exchanges', `exchange:${row.exchange}`, `${clock(row.started_at)} ${row.method} ${row.path}`, RotateCcwClock, () => void bench.openExchange(row.exchange), {
			note: [outcome, row.verdict].filter(Boolean).join(', '),
		})
	}
	return list
}

/** `Demo client, 4:58 left`. */
function left(desk: Desk, credential: string): string {
	const one = desk.credentials.value?.find((candidate) => candidate.name === credential)
	const life = one ? desk.life(one) : ''
	return [one?.title ?? credential, ...(/^\d/.test(life) ? [`${life} left`] : [])].join(', ')
}
