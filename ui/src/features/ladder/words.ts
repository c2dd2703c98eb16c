/** What the ladder says in words of its own: durations, times, what its actions are called. */

import type { Certainty } from '../../lib/ipc/generated/Certainty'
import type { LadderAction } from '../../lib/ipc/generated/LadderAction'
import type { Step } from '../../lib/ipc/generated/Step'

export const STEPS: readonly Step[] = ['credential', 'token', 'name', 'tcp', 'tls', 'signature', 'response']

export const STEP_TITLES: Record<Step, string> = {
	credential: 'Credential',
	token: 'Token',
	name: 'Name',
	tcp: 'TCP',
	tls: 'TLS',
	signature: 'Signature',
	response: 'Response',
}

export const CERTAINTY: Record<Certainty, string> = { proven: 'Proven', likely: 'Likely', possible: 'Possible' }

export const ACTIONS: Record<LadderAction, string> = {
	edit_credential: 'Edit credential',
	open_handshake: 'Open handshake',
	open_chain: 'Open chain',
	open_token_exchange: 'Open exchange',
	open_token: 'Open token',
	open_signature_base: 'Open signature base',
	replace_secret: 'Replace secret',
	compute_digest: 'Compute digest',
	send_in_raw_mode: 'Send in raw mode',
	send_again: 'Send again',
	trust_ca: 'Trust this CA for this host',
	import_certificate: 'Import client certificate',
	trust_certificate: 'Trust exactly this certificate for this host',
	accept_unverified: 'Accept this host unverified',
	unlock: 'Unlock',
	clear_faults: 'Clear faults',
	allow_live: 'Allow and send',
}

/** Actions that prove less: never a button, always behind More. */
export function provesLess(action: LadderAction): boolean {
	return action === 'accept_unverified'
}

/** Actions that only lead somewhere: drawn as links after the buttons. */
export function leads(action: LadderAction): boolean {
	return action.startsWith('open_')
}

/** `143 ms`, from ten seconds on `12 s`; the same words as the core's. */
export function duration(us: number): string {
	return us < 10_000_000 ? `${Math.round(us / 1000).toLocaleString('en')} ms` : `${Math.round(us / 1_000_000)} s`
}

/** Facts whose value is a sentence; every other value is data and set in monospace. */
const PROSE = new Set(['Chain', 'Client', 'Chosen', 'Store', 'Slots read', 'Looked in', 'Verified', 'First byte', 'Content', 'Base', 'Certificate', 'Via'])

export function isProse(name: string): boolean {
	return PROSE.has(name)
}

/** At most `most` characters; the middle goes, both ends stay. */
export function elide(text: string, most: number): string {
	const characters = Array.from(text)
	if (characters.length <= most) return text
	const keep = Math.max(2, most - 1)
	const head = Math.ceil(keep / 2)
	return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (keep - head)).join('')}`
}

export interface Marked {
	before: string
	/** The first differing character; empty where one value ends before the other. */
	mark: string
	after: string
}

/** The part of a value around its first differing character, so that the character shows in a narrow column. */
export function around(value: string, at: number, most: number): Marked {
	const characters = Array.from(value)
	const from = at > 2 && characters.length > most ? at - 1 : 0
	const before = `${from > 0 ? '…' : ''}${characters.slice(from, at).join('')}`
	const room = Math.max(3, most - before.length - 1)
	return { before, mark: characters[at] ?? '', after: elide(characters.slice(at + 1).join(''), room) }
}

/** Equal values keep the end that tells them apart: of an address its path. */
export function narrow(value: string, most: number): string {
	if (value.length <= most || !value.includes('://')) return elide(value, most)
	return `…${value.slice(value.length - most + 1)}`
}
