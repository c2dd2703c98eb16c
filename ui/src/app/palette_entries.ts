/** What the palette offers: the shortcuts' actions, pages, requests, credentials, exchanges. */

import { FileBadge, KeyRound, Play, RotateCcwClock, ScanSearch, ScrollText, Send, Server, Settings } from '@lucide/svelte'
import type { Component } from 'svelte'
import type { Entry, Group } from '../features/palette'
import { clock } from '../lib/format'
import { duration } from '../features/ladder'
import type { HistoryRow } from '../lib/ipc/generated/HistoryRow'
import type { Bench } from '../views/bench.svelte'
import type { Desk } from '../views/desk.svelte'
import { KEYMAP, type KeyId } from './keymap'

/** Shortcuts that mean something only where the keyboard is. */
const LOCAL: ReadonlySet<KeyId> = new Set(['palette', 'go_to', 'step', 'filter', 'next_pane', 'previous_pane', 'back', 'next_finding', 'previous_finding'])

export function entries(
	desk: Desk,
	bench: Bench,
	exchanges: readonly HistoryRow[],
	perform: (id: KeyId) => void,
	extra: { copyToken: (credential: string) => void; discardToken: (credential: string) => void },
): Entry[] {
	const list: Entry[] = []
	const add = (group: Group, id: string, label: string, icon: Component, run: () => void, more: { note?: string; shortcut?: string[] } = {}) =>
		list.push({ id, group, label, icon, run, ...more })

	for (const { id, keys, does } of KEYMAP) {
		if (LOCAL.has(id) || (id === 'cancel' && !bench.running)) continue
		add('Actions', `key:${id}`, does, id === 'send' ? Send : Play, () => perform(id), { shortcut: (keys[0] ?? '').split('+') })
	}
	for (const one of desk.credentials.value ?? []) {
		if (!one.token || one.token.token.state === 'absent') continue
		const fact = { note: one.title }
		add('Actions', `copy:${one.name}`, 'Copy token', KeyRound, () => extra.copyToken(one.name), { note: `${one.title}, cleared after 30 s` })
		add('Actions', `discard:${one.name}`, 'Discard token', KeyRound, () => extra.discardToken(one.name), fact)
		add('Go to', `token:${one.name}`, `Token of ${one.title}`, ScrollText, () => desk.routes.go({ name: 'token', credential: one.name }), {
			note: `generation ${one.token.token.generation}`,
		})
	}
	add('Go to', 'page:gateway', 'Local gateway', Server, () => desk.routes.go({ name: 'gateway' }), { note: '127.0.0.1 only' })
	add('Go to', 'page:inspect', 'Inspect a server', ScanSearch, () => desk.routes.go({ name: 'inspect' }))
	add('Go to', 'page:history', 'History', RotateCcwClock, () => desk.routes.go({ name: 'history' }))
	add('Go to', 'page:credentials', 'Credentials', KeyRound, () => desk.routes.go({ name: 'credentials' }))
	add('Go to', 'page:settings', 'Settings', Settings, () => desk.routes.go({ name: 'settings' }))
	const view = bench.view
	if (view && view.evidence.certificates.length > 0) {
		add('Go to', 'page:chain', 'Certificate chain', FileBadge, () => desk.routes.go({ name: 'chain', view }), { note: 'of the exchange in view' })
	}
	if (view?.evidence.signature) {
		add('Go to', 'page:signature', 'Signature base', ScrollText, () => desk.routes.go({ name: 'signature', view }), { note: 'of the exchange in view' })
	}
	for (const row of desk.requests) {
		add('Requests', `request:${row.path}`, `${row.method} ${row.name}`, Send, () => void bench.openRequest(row.path), {
			note: desk.folders(row.path).join(' › '),
		})
	}
	for (const one of desk.credentials.value ?? []) {
		add('Credentials', `credential:${one.name}`, one.title, KeyRound, () => desk.routes.go({ name: 'credentials', credential: one.name }), {
			note: one.client_id,
		})
	}
	for (const row of exchanges) {
		add('Exchanges', `exchange:${row.exchange}`, `${clock(row.started_at)} ${row.method} ${row.path}`, RotateCcwClock, () => void bench.openExchange(row.exchange), {
			note: [row.status === undefined ? row.code : `${row.status} in ${duration(row.duration_us)}`, row.verdict].filter(Boolean).join(', '),
		})
	}
	return list
}
