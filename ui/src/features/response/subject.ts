/** What the response pane is about: the API's answer, the authorization server's, or why there is none. */

import type { Exchange } from '../../lib/ipc/generated/Exchange'
import type { RequestView } from '../../lib/ipc/generated/RequestView'
import type { ResponseView } from '../../lib/ipc/generated/ResponseView'
import { size } from '../../lib/format'
import { STEP_TITLES, duration } from '../ladder'

export interface Subject {
	/** `201 Created · 143 ms · 107 B`, or `none, stopped at TLS`. */
	facts: string
	/** The answer shown below; absent: none came. */
	response?: ResponseView
	request?: RequestView
	/** Whose answer it is, when it is not the API's: `auth.pay.example`, with its own facts. */
	other?: { of: string; facts: string }
}

/** An exchange, or one of its earlier attempts. */
export type Evidence = Pick<Exchange, 'outcome' | 'response' | 'request' | 'token' | 'timing' | 'failed_step' | 'signature'>

export function subjectOf(evidence: Evidence): Subject {
	if (evidence.response) {
		const facts = answerFacts(evidence.response, evidence.timing.total)
		return { facts, response: evidence.response, ...(evidence.request ? { request: evidence.request } : {}) }
	}
	// a token that was obtained is no answer to show: it stopped later
	const call = evidence.failed_step === 'token' ? evidence.token?.exchange : undefined
	const facts = absence(evidence)
	if (!call?.response) return { facts }
	return {
		facts,
		response: call.response,
		...(call.request ? { request: call.request } : {}),
		other: { of: hostOf(call.request?.target), facts: answerFacts(call.response, call.timing.total) },
	}
}

function absence(evidence: Evidence): string {
	if (evidence.outcome === 'cancelled') return 'none, cancelled'
	if (evidence.outcome === 'answered') return 'none, only a handshake was made'
	if (evidence.failed_step === 'token' || evidence.failed_step === 'credential') return 'none, the API was not called'
	if (evidence.failed_step !== undefined && evidence.failed_step !== 'response') return `none, stopped at ${STEP_TITLES[evidence.failed_step]}`
	return 'none, no answer came'
}

function answerFacts(response: ResponseView, total: number): string {
	return [[response.status, response.reason].filter(Boolean).join(' '), duration(total), size(response.content?.length ?? 0)].join(' · ')
}

export function hostOf(target: string | undefined): string {
	if (target === undefined) return 'the authorization server'
	try {
		return new URL(target).hostname
	} catch {
		return target
	}
}

/** What stands ready when nothing was sent: name and value, as the ladder calls them. */
export function unsent(evidence: Evidence, draft: { method: string; url: string; content?: string; content_type?: string }): [string, string][] {
	const target = evidence.request?.target ?? draft.url
	const rows: [string, string][] = [['Request line', `${evidence.request?.method ?? draft.method} ${pathOf(target)}`]]
	if (evidence.token?.fingerprint !== undefined) rows.push(['Authorization', `‹token ${evidence.token.fingerprint}›`])
	if (evidence.signature) rows.push(['Signature', `${evidence.signature.alg} over ${evidence.signature.covered.length} components`])
	const length = evidence.request?.content?.length ?? (draft.content === undefined ? 0 : new TextEncoder().encode(draft.content).length)
	const type = evidence.request?.content?.media_type ?? draft.content_type
	rows.push(['Content', length === 0 ? 'none' : [size(length), type].filter(Boolean).join(', ')])
	return rows
}

function pathOf(target: string): string {
	try {
		const url = new URL(target)
		return `${url.pathname}${url.search}`
	} catch {
		return target
	}
}

/** The answer as it came, head and content, for the raw tab. */
export function raw(subject: Subject, content: string): string {
	const { response, request } = subject
	if (!response) return ''
	const head = [[request?.protocol ?? 'HTTP', response.status, response.reason].filter(Boolean).join(' ')]
	return [...head, ...response.fields.map(([name, value]) => `${name}: ${value}`), '', content].join('\n')
}
