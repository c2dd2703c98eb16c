/** A request made from what an exchange sent, for an exchange that belongs to no saved request. */

import { emptyDraft } from '../features/request'
import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'
import type { RequestDraft } from '../lib/ipc/generated/RequestDraft'

/** Fields that Countersign makes itself, and those that were struck from the record. */
const MADE = new Set([
	'accept-encoding',
	'authorization',
	'connection',
	'content-digest',
	'content-length',
	'content-type',
	'host',
	'signature',
	'signature-input',
	'user-agent',
])

export function draftOf(view: ExchangeView): RequestDraft {
	const { request, handshake, credential } = view.evidence
	if (!request) return { ...emptyDraft(), name: handshake?.server_name ?? 'Inspection', url: `https://${handshake?.server_name ?? ''}/` }
	const fields = request.fields
		.filter(([name]) => !name.startsWith(':') && !MADE.has(name.toLowerCase()))
		.map(([name, value]) => ({ name, value, off: false }))
	return {
		...emptyDraft(),
		name: pathOf(request.target),
		method: request.method,
		url: request.target,
		fields,
		...(credential ? { authorization: { credential: credential.name } } : {}),
		...(request.content?.media_type === undefined ? {} : { content_type: request.content.media_type }),
	}
}

function pathOf(target: string): string {
	try {
		return new URL(target).pathname
	} catch {
		return target
	}
}
