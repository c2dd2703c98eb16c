/** What can be chosen in a recipe, and a new one. */

import type { RecipeForm } from '../../lib/ipc/generated/RecipeForm'

export const METHODS = ['POST', 'GET', 'PUT'].map((value) => ({ value, label: value }))

export const CLIENT_AUTH = [
	{ value: '', label: 'As the credential says' },
	{ value: 'basic-form', label: 'Basic, form-encoded' },
	{ value: 'basic-raw', label: 'Basic, raw' },
	{ value: 'basic-verbatim', label: 'Basic, the secret as it is' },
	{ value: 'client_secret_post', label: 'In the content' },
	{ value: 'private_key_jwt', label: 'private_key_jwt' },
	{ value: 'none', label: 'None' },
]

export const CONTENTS = [
	{ value: 'form', label: 'Form' },
	{ value: 'json', label: 'JSON' },
	{ value: 'text', label: 'Text' },
	{ value: 'empty', label: 'Empty' },
]

export const UNITS = [
	{ value: 'seconds', label: 'Seconds' },
	{ value: 'milliseconds', label: 'Milliseconds' },
	{ value: 'epoch-seconds', label: 'The second it ends, since 1970' },
	{ value: 'epoch-milliseconds', label: 'The millisecond it ends' },
	{ value: 'rfc3339', label: 'The moment it ends, RFC 3339' },
]

export const RENEWALS = [
	{ value: 'mint', label: 'Ask again' },
	{ value: 'refresh', label: 'Refresh token, where one came' },
]

/** What goes into a template of JSON. */
const TEMPLATE = '{\n  "client_id": "{{client_id}}",\n  "client_secret": "{{client_secret}}",\n  "grant_type": "{{grant_type}}"\n}'

export function blankRecipe(): RecipeForm {
	return {
		id: '',
		name: '',
		slot: 'client_secret',
		token_endpoint: '',
		method: 'POST',
		client_auth: 'client_secret_post',
		accept: 'application/json',
		content_type: 'application/json',
		content: 'json',
		template: TEMPLATE,
		status: [200],
		access_token: '/access_token',
		token_type: '/token_type',
		expires_in: '/expires_in',
		expires_unit: 'seconds',
		default_life: 60,
		refresh_token: '',
		scope: '',
		error_code: '/error',
		error_message: '/error_description',
		renewal: 'mint',
	}
}

/** A copy under another name, to be changed. */
export function copyOf(form: RecipeForm): RecipeForm {
	return { ...structuredClone(form), id: '', name: `${form.name} copy` }
}

/** `200, 201` as statuses; what is no status is left out. */
export function statuses(text: string): number[] {
	return text
		.split(/[\s,]+/)
		.map(Number)
		.filter((one) => Number.isInteger(one) && one >= 100 && one <= 599)
}
