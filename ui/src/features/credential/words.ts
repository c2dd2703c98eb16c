/** A credential in the words of its table and its detail. */

import type { CredentialForm } from '../../lib/ipc/generated/CredentialForm'
import type { CredentialView } from '../../lib/ipc/generated/CredentialView'
import { elided } from '../token'

export interface Address {
	origin: string
	host: string
	path: string
}

/** Origin and path of the token endpoint; the endpoint as written where its template has no value. */
export function endpoint(credential: CredentialView): Address | null {
	const text = credential.token_endpoint_resolved ?? credential.token_endpoint
	try {
		const url = new URL(text)
		return { origin: url.origin, host: url.host, path: url.pathname + url.search }
	} catch {
		return null
	}
}

/** Whether it obtains tokens; else its certificate alone says who sends. */
export function hasTokens(credential: CredentialView): boolean {
	return credential.kind !== 'client-certificate'
}

export function authorizationServer(credential: CredentialView): string {
	if (!hasTokens(credential)) return 'none: client certificate'
	return elided(endpoint(credential)?.host ?? credential.token_endpoint, 30)
}

/** `09:12:44` today, `16 Mar, 17:02` before. */
export function lastUsed(at: string | undefined, now = new Date()): string {
	if (at === undefined) return '–'
	const time = new Date(at)
	const sameDay = time.toDateString() === now.toDateString()
	if (sameDay) return time.toLocaleTimeString('en-GB')
	const day = time.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
	return `${day}, ${time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}`
}

export function recipeName(id: string): string {
	switch (id) {
		case 'rfc6749':
			return 'RFC 6749 recipe'
		case 'ngenius':
			return 'N-Genius Online recipe'
		case 'ni-platform':
			return 'NI platform recipe'
		default:
			return `recipe ${id}`
	}
}

const ENCODING_WORDS: Record<string, string> = { form: 'form-encoded', raw: 'raw', verbatim: 'verbatim' }

/** `client_secret_basic, form-encoded`; the encoding belongs to Basic alone. */
export function authentication(credential: CredentialView): string {
	if (credential.token_endpoint_auth_method !== 'client_secret_basic') return credential.token_endpoint_auth_method
	return `${credential.token_endpoint_auth_method}, ${ENCODING_WORDS[credential.basic_encoding] ?? credential.basic_encoding}`
}

/** A credential back in the form that made it. */
export function formOf(credential: CredentialView): CredentialForm {
	return {
		existing: credential.name,
		title: credential.title,
		recipe: credential.recipe,
		token_endpoint: credential.token_endpoint,
		client_id: credential.client_id,
		token_endpoint_auth_method: credential.token_endpoint_auth_method,
		basic_encoding: credential.basic_encoding,
		scope: credential.scope,
		allowed_hosts: [...credential.allowed_hosts],
		environments: [...credential.environments],
		issuer: credential.issuer ?? '',
		grant_type: credential.grant_type,
		grant: structuredClone(credential.grant),
	}
}

/** `api.pay.example, *.pay.example` or one a line. */
export function hostList(text: string): string[] {
	return text
		.split(/[\s,]+/)
		.map((host) => host.trim())
		.filter((host) => host !== '')
}

export function capitalised(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1)
}
