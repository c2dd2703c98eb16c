/** What a new credential starts from: the recipes that come with Countersign, filled in as their owners document them. */

import type { CredentialForm } from '../../lib/ipc/generated/CredentialForm'

export interface Preset {
	id: string
	label: string
	/** One sentence: for whom. */
	effect: string
	form: Omit<CredentialForm, 'existing' | 'title' | 'client_id'>
	/** The secret slot it needs. */
	slot: string
	/** Whether the API's owner gives a client_id. */
	hasClientId: boolean
}

export const PRESETS: readonly Preset[] = [
	{
		id: 'rfc6749',
		label: 'OAuth 2.0, RFC 6749',
		effect: 'client_credentials at a token endpoint, with a client_id and a client secret.',
		slot: 'client_secret',
		hasClientId: true,
		form: {
			recipe: 'rfc6749',
			token_endpoint: '',
			token_endpoint_auth_method: 'client_secret_basic',
			basic_encoding: 'form',
			scope: '',
			allowed_hosts: [],
			environments: [],
		},
	},
	{
		id: 'ngenius-sandbox',
		label: 'N-Genius sandbox',
		effect: 'The service account key of the sandbox portal, sent verbatim.',
		slot: 'api_key',
		hasClientId: false,
		form: {
			recipe: 'ngenius',
			token_endpoint: 'https://api-gateway.sandbox.ngenius-payments.com/identity/auth/access-token',
			token_endpoint_auth_method: 'client_secret_basic',
			basic_encoding: 'verbatim',
			scope: '',
			allowed_hosts: ['api-gateway.sandbox.ngenius-payments.com'],
			environments: [],
		},
	},
	{
		id: 'ngenius-live',
		label: 'N-Genius live',
		effect: 'The service account key of the live portal, sent verbatim.',
		slot: 'api_key',
		hasClientId: false,
		form: {
			recipe: 'ngenius',
			token_endpoint: 'https://api-gateway.ngenius-payments.com/identity/auth/access-token',
			token_endpoint_auth_method: 'client_secret_basic',
			basic_encoding: 'verbatim',
			scope: '',
			allowed_hosts: ['api-gateway.ngenius-payments.com'],
			environments: [],
		},
	},
]

export interface Choice {
	value: string
	label: string
	effect: string
}

export const METHODS: readonly Choice[] = [
	{ value: 'client_secret_basic', label: 'client_secret_basic', effect: 'In the Authorization field, RFC 6749 §2.3.1.' },
	{ value: 'client_secret_post', label: 'client_secret_post', effect: 'In the content of the token request.' },
	{ value: 'client_secret_jwt', label: 'client_secret_jwt', effect: 'A JWT under the secret, which itself never leaves. RFC 7523.' },
	{ value: 'private_key_jwt', label: 'private_key_jwt', effect: 'A JWT under a private key; the server holds the public one. RFC 7523.' },
	{ value: 'tls_client_auth', label: 'tls_client_auth', effect: 'The client certificate of the handshake, of a CA the server knows. RFC 8705.' },
	{
		value: 'self_signed_tls_client_auth',
		label: 'self_signed_tls_client_auth',
		effect: 'The client certificate of the handshake, which the server has registered. RFC 8705.',
	},
	{ value: 'none', label: 'none', effect: 'A public client: only its client_id.' },
]

const URN = 'urn:ietf:params:oauth:grant-type:'

export const GRANTS: readonly Choice[] = [
	{ value: 'client_credentials', label: 'Client credentials', effect: 'The client asks for itself. RFC 6749 §4.4.' },
	{ value: 'authorization_code', label: 'Sign in with a browser', effect: 'A person allows it; authorization code with PKCE on a loopback port. RFC 8252.' },
	{ value: `${URN}device_code`, label: 'Sign in on another device', effect: 'A person enters a code elsewhere. RFC 8628.' },
	{ value: `${URN}jwt-bearer`, label: 'Assertion', effect: 'A JWT of the client says for whom it acts. RFC 7523 §2.1.' },
	{ value: `${URN}token-exchange`, label: 'Token exchange', effect: 'Another token is exchanged for this one. RFC 8693.' },
]

export const ENCODINGS: readonly Choice[] = [
	{ value: 'form', label: 'form', effect: 'Id and secret are form-encoded first, as RFC 6749 §2.3.1 asks.' },
	{ value: 'raw', label: 'raw', effect: 'Id and secret as they are; many servers expect this.' },
	{ value: 'verbatim', label: 'verbatim', effect: 'The secret is the whole value after Basic, as its owner gave it.' },
]

/** RFC 6749 form encoding changes nothing when only these occur. */
export function encodingMatters(clientId: string): boolean {
	return !/^[A-Za-z0-9._-]*$/.test(clientId)
}

/** Slot names in words; what is unknown is shown as it is. */
export function slotTitle(slot: string): string {
	switch (slot) {
		case 'client_secret':
			return 'Client secret'
		case 'api_key':
			return 'API key'
		case 'signing_key':
			return 'Signing key'
		case 'client_key':
			return 'Certificate key'
		case 'assertion_key':
			return 'Assertion key'
		case 'dpop_key':
			return 'DPoP key'
		case 'subject_token':
			return 'Token to be exchanged'
		default:
			return slot
	}
}

/** What an empty form holds: the first preset. */
export function blankForm(): CredentialForm {
	return {
		title: '',
		client_id: '',
		recipe: 'rfc6749',
		token_endpoint: '',
		token_endpoint_auth_method: 'client_secret_basic',
		basic_encoding: 'form',
		scope: '',
		allowed_hosts: [],
		environments: [],
	}
}

/** The preset a form was made from, as far as its recipe tells. */
export function presetOf(form: CredentialForm): string {
	const same = PRESETS.filter((preset) => preset.form.recipe === form.recipe)
	const exact = same.find((preset) => preset.form.token_endpoint === form.token_endpoint)
	return exact?.id ?? same[0]?.id ?? 'rfc6749'
}
