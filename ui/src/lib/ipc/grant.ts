/** Grants as they cross to the core. */

import type { GrantFile } from './generated/GrantFile'

/** A grant without anything beside its scope. */
export function blankGrant(): GrantFile {
	return {
		audience: '',
		resource: [],
		authorization_details: '',
		subject: '',
		subject_credential: '',
		subject_token_type: '',
		assertion_audience: '',
		assertion_alg: '',
		assertion_kid: '',
		dpop: false,
		authorization_response_iss_parameter_supported: false,
		authorization_endpoint: '',
		device_authorization_endpoint: '',
		pushed_authorization_request_endpoint: '',
		introspection_endpoint: '',
		revocation_endpoint: '',
	}
}
