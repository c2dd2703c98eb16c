/** The command table of `console/src/command.rs`, in the same order; a test says they are equal. */

import type { CertificateForm } from './generated/CertificateForm'
import type { Change } from './generated/Change'
import type { Comparison } from './generated/Comparison'
import type { CredentialForm } from './generated/CredentialForm'
import type { CredentialView } from './generated/CredentialView'
import type { EncodingProbe } from './generated/EncodingProbe'
import type { ExchangeView } from './generated/ExchangeView'
import type { Explained } from './generated/Explained'
import type { GatewayView } from './generated/GatewayView'
import type { HandshakeView } from './generated/HandshakeView'
import type { HistoryPage } from './generated/HistoryPage'
import type { IntrospectionView } from './generated/IntrospectionView'
import type { Parted } from './generated/Parted'
import type { Preferences } from './generated/Preferences'
import type { RecipeForm } from './generated/RecipeForm'
import type { RecipeReading } from './generated/RecipeReading'
import type { RecipeTest } from './generated/RecipeTest'
import type { RecipeView } from './generated/RecipeView'
import type { RequestDraft } from './generated/RequestDraft'
import type { RequestPreview } from './generated/RequestPreview'
import type { Scan } from './generated/Scan'
import type { ScanProgress } from './generated/ScanProgress'
import type { SendProgress } from './generated/SendProgress'
import type { ServerView } from './generated/ServerView'
import type { SignInProgress } from './generated/SignInProgress'
import type { SigningProfileView } from './generated/SigningProfileView'
import type { StatusView } from './generated/StatusView'
import type { TokenRow } from './generated/TokenRow'
import type { TrustView } from './generated/TrustView'
import type { VaultView } from './generated/VaultView'
import type { VerificationView } from './generated/VerificationView'
import type { WatchRow } from './generated/WatchRow'
import type { WorkspaceView } from './generated/WorkspaceView'
import type { ZooLesson } from './generated/ZooLesson'

interface Call<Arguments, Result> {
	arguments: Arguments
	result: Result
}

interface Stream<Arguments, Progress, Result> extends Call<Arguments, Result> {
	progress: Progress
}

export interface Commands {
	// workspace
	workspace_read: Call<object, WorkspaceView>
	environment_choose: Call<{ name: string | null }, WorkspaceView>
	environment_allow_live: Call<object, null>
	request_read: Call<{ path: string }, RequestDraft>
	request_save: Call<{ draft: RequestDraft }, RequestDraft>
	request_remove: Call<{ path: string }, WorkspaceView>
	request_preview: Call<{ draft: RequestDraft }, RequestPreview>
	signing_profile_list: Call<object, SigningProfileView[]>
	signing_profile_save: Call<{ profile: SigningProfileView }, SigningProfileView[]>
	// sending
	send: Stream<{ draft: RequestDraft }, SendProgress, ExchangeView>
	send_cancel: Call<{ exchange: string }, null>
	first_run: Stream<object, SendProgress, ExchangeView>
	demo_break: Stream<{ fault: string }, SendProgress, ExchangeView>
	demo_remove: Call<object, WorkspaceView>
	watch_list: Call<object, string[]>
	watch_add: Call<{ hosts: string[] }, string[]>
	watch_remove: Call<{ host: string }, string[]>
	watch_check: Call<object, WatchRow[]>
	scan: Stream<{ host: string }, ScanProgress, Scan>
	inspect: Stream<{ host: string }, SendProgress, ExchangeView>
	// exchanges
	exchange_read: Call<{ exchange: string }, ExchangeView>
	exchange_content: Call<{ reference: string; offset: number; length: number }, ArrayBuffer>
	handshake_read: Call<{ exchange: string }, HandshakeView>
	chain_fetch: Call<{ exchange: string }, Explained>
	handshake_secret: Call<{ exchange: string; name: string }, string>
	exchange_copy_curl: Call<{ exchange: string }, null>
	exchange_save: Call<{ exchange: string; kind: 'json' | 'har' | 'pem' | 'content' | 'pcapng' | 'pcapng-full' | 'keylog' }, string>
	exchange_compare: Call<{ left: string; right: string }, Comparison>
	signature_compare: Call<{ exchange: string; theirs: string }, Parted | null>
	history_list: Call<{ filter: string; before: string | null; limit: number }, HistoryPage>
	history_clear: Call<object, null>
	// credentials
	credential_list: Call<object, CredentialView[]>
	credential_save: Call<{ form: CredentialForm }, CredentialView>
	credential_discover: Call<{ issuer: string }, ServerView>
	credential_remove: Call<{ name: string }, CredentialView[]>
	credential_set_secret: Call<{ name: string; slot: string; text: string }, CredentialView>
	credential_import_certificate: Call<{ form: CertificateForm; certificate: string; key: string | null; passphrase: string | null }, CredentialView>
	credential_remove_secret: Call<{ name: string; slot: string }, CredentialView>
	credential_generate_key: Call<{ name: string; slot: string; alg: string }, CredentialView>
	credential_test: Stream<{ name: string }, SendProgress, ExchangeView>
	credential_probe: Stream<{ name: string }, SendProgress, EncodingProbe>
	// recipes
	recipe_list: Call<object, RecipeView[]>
	recipe_save: Call<{ form: RecipeForm }, RecipeView[]>
	recipe_remove: Call<{ id: string }, RecipeView[]>
	recipe_try: Call<{ form: RecipeForm; status: number; answer: string }, RecipeReading>
	recipe_test: Stream<{ form: RecipeForm; credential: string }, SendProgress, RecipeTest>
	// tokens
	token_list: Call<object, TokenRow[]>
	token_obtain: Stream<{ credential: string }, SendProgress, ExchangeView>
	token_renew: Stream<{ credential: string }, SendProgress, ExchangeView>
	token_sign_in: Stream<{ credential: string }, SignInProgress, ExchangeView>
	token_introspect: Call<{ credential: string }, IntrospectionView>
	token_verify: Call<{ credential: string }, VerificationView>
	token_revoke: Call<{ credential: string }, TokenRow[]>
	token_discard: Call<{ credential: string }, TokenRow[]>
	token_copy: Call<{ credential: string }, null>
	// gateway
	gateway_read: Call<object, GatewayView>
	gateway_start: Call<{ dialect: string; lifetime: number }, GatewayView>
	gateway_stop: Call<object, GatewayView>
	gateway_fault: Call<{ group: string; fault: string | null }, GatewayView>
	gateway_clear_faults: Call<object, GatewayView>
	gateway_token_lifetime: Call<{ seconds: number }, GatewayView>
	gateway_expire_tokens: Call<object, GatewayView>
	gateway_copy_ca: Call<object, null>
	zoo_read: Call<object, ZooLesson[]>
	zoo_inspect: Stream<{ id: string }, SendProgress, ExchangeView>
	// settings
	preferences_read: Call<object, Preferences>
	preferences_write: Call<{ preferences: Preferences }, Preferences>
	trust_read: Call<object, TrustView>
	trust_add_ca: Call<{ pem: string; hosts: string[] }, TrustView>
	trust_remove_ca: Call<{ file: string }, TrustView>
	trust_add_pin: Call<{ host: string; pin: string }, TrustView>
	trust_remove_pin: Call<{ host: string; pin: string }, TrustView>
	trust_store: Call<{ store: string; used: boolean }, TrustView>
	trust_profile: Call<{ profile: string }, TrustView>
	accept_unverified: Call<{ host: string; accept: boolean }, TrustView>
	vault_read: Call<object, VaultView>
	vault_check: Call<object, VaultView>
	vault_choose: Call<{ backend: 'os' | 'passphrase' | 'memory'; passphrase: string | null }, VaultView>
	vault_unlock: Call<{ passphrase: string | null }, VaultView>
	status_read: Call<object, StatusView>
	changes: Stream<object, Change, null>
	copy_text: Call<{ text: string }, null>
	open_url: Call<{ url: string }, null>
	window_ready: Call<object, null>
}
