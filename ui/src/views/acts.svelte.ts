/** What can be done from anywhere: by key, from the palette, on a row of the ladder. */

import { formOf } from '../features/credential'
import { problemOf } from '../features/loaded.svelte'
import type { CertificateView } from '../lib/ipc/generated/CertificateView'
import type { LadderAction } from '../lib/ipc/generated/LadderAction'
import type { LadderRow } from '../lib/ipc/generated/LadderRow'
import type { Problem } from '../lib/ipc/generated/Problem'
import type { Step } from '../lib/ipc/generated/Step'
import type { Bench } from './bench.svelte'
import type { Desk } from './desk.svelte'

/** The gateway as it starts without a word about how. */
const DIALECT = 'rfc'
const LIFETIME_S = 300

export type EvidenceKind = 'json' | 'har' | 'pem' | 'content' | 'pcapng'

export interface Trusting {
	certificate: CertificateView
	host: string
	/** A CA vouches for others; a pin stands for this one key. */
	by: 'ca' | 'pin'
}

export class Acts {
	/** Why a thing asked for here was not done; it stands in the inspector's foot until the next. */
	problem = $state.raw<Problem | null>(null)
	/** Where the last evidence was saved, and of which exchange. */
	saved = $state.raw<{ exchange: string; file: string } | null>(null)
	/** A CA, or one certificate, that would be trusted on one word more. */
	trusting = $state.raw<Trusting | null>(null)
	/** A host that would be accepted unverified on one word more. */
	accepting = $state.raw<string | null>(null)
	readonly #desk: Desk
	readonly #bench: Bench

	constructor(desk: Desk, bench: Bench) {
		this.#desk = desk
		this.#bench = bench
	}

	/** The name of the credential the exchange in view used, else the one the request names. */
	get credential(): string | undefined {
		const named = this.#bench.evidence?.credential?.name ?? this.#bench.draft.value.authorization?.credential
		return named === 'none' ? undefined : named
	}

	async firstRun(): Promise<void> {
		this.#desk.routes.go({ name: 'workbench' })
		const view = await this.#bench.run((progress) => this.#desk.ipc.stream('first_run', {}, progress))
		if (!view) return
		await this.#land(view.request_path)
	}

	/** One fault on purpose: the gateway breaks something, the same request is sent again. */
	async breakDemo(fault: string): Promise<void> {
		this.#desk.routes.go({ name: 'workbench' })
		const view = await this.#bench.run((progress) => this.#desk.ipc.stream('demo_break', { fault }, progress))
		const path = view?.request_path
		if (path !== undefined && path !== this.#bench.draft.value.path) await this.#bench.openRequest(path)
	}

	async removeDemo(): Promise<void> {
		await this.#try(async () => {
			const workspace = await this.#desk.ipc.call('demo_remove', {})
			await this.#desk.workspace.take(Promise.resolve(workspace))
			this.#bench.clear()
			this.welcome()
		})
	}

	/** The first window while nothing was done here, else the workbench. */
	welcome(): void {
		this.#desk.routes.go({ name: this.#desk.workspace.value?.first_run === true ? 'first_run' : 'workbench' })
	}

	/** Copies reject as well as they are explained: the button that asked says "Not copied". */
	async copyCurl(): Promise<void> {
		await this.#exchange((exchange) => this.#desk.ipc.call('exchange_copy_curl', { exchange }), true)
	}

	async copyText(text: string): Promise<void> {
		await this.#try(() => this.#desk.ipc.call('copy_text', { text }), true)
	}

	async copyEvidence(): Promise<void> {
		if (this.#bench.evidence) await this.copyText(JSON.stringify(this.#bench.evidence, null, 2))
	}

	saveEvidence(kind: EvidenceKind): Promise<void> {
		return this.#exchange(async (exchange) => {
			this.saved = { exchange, file: await this.#desk.ipc.call('exchange_save', { exchange, kind }) }
		})
	}

	/** Beside the last exchange before it that asked the same; where there is none, one more is to be chosen. */
	compare(): void {
		const exchange = this.#bench.evidence?.exchange
		if (exchange === undefined) return
		const rows = this.#desk.exchanges.value ?? []
		const at = rows.findIndex((row) => row.exchange === exchange)
		const here = rows[at]
		const before = here && rows.slice(at + 1).find((row) => row.method === here.method && row.host === here.host && row.path === here.path)
		this.#desk.routes.go({ name: 'history', compare: before ? [before.exchange, exchange] : [exchange] })
	}

	async renewToken(): Promise<void> {
		const { credential } = this
		if (credential === undefined) return
		await this.#try(() => this.#desk.ipc.stream('token_renew', { credential }, () => undefined))
	}

	async toggleGateway(): Promise<void> {
		await this.#try(async () => {
			const gateway = await this.#desk.ipc.call('gateway_read', {})
			if (gateway.running) await this.#desk.ipc.call('gateway_stop', {})
			else await this.#desk.ipc.call('gateway_start', { dialect: DIALECT, lifetime: LIFETIME_S })
		})
	}

	async unlock(passphrase: string | null): Promise<void> {
		await this.#vault(() => this.#desk.ipc.call('vault_unlock', { passphrase }))
	}

	async chooseVault(backend: 'os' | 'passphrase' | 'memory', passphrase: string | null): Promise<void> {
		await this.#vault(() => this.#desk.ipc.call('vault_choose', { backend, passphrase }))
	}

	async checkVault(): Promise<void> {
		await this.#vault(() => this.#desk.ipc.call('vault_check', {}))
	}

	/** What a row of the ladder offers. */
	async act(action: LadderAction, _row: LadderRow): Promise<void> {
		const { view } = this.#bench
		const credential = this.credential
		switch (action) {
			case 'edit_credential':
			case 'replace_secret':
				this.#desk.routes.go({ name: 'credentials', ...(credential === undefined ? {} : { credential }) })
				return
			case 'import_certificate':
				this.#desk.routes.go({ name: 'credentials', importing: true })
				return
			case 'open_handshake':
				if (view) this.#desk.routes.go({ name: 'handshake', view })
				return
			case 'open_chain':
				if (view) this.#desk.routes.go({ name: 'chain', view })
				return
			case 'open_signature_base':
				if (view) this.#desk.routes.go({ name: 'signature', view })
				return
			case 'open_token':
			case 'open_token_exchange': {
				const call = this.#bench.evidence?.token?.exchange?.exchange
				if (action === 'open_token_exchange' && call !== undefined && (await this.#opens(call))) return
				if (credential !== undefined) this.#desk.routes.go({ name: 'token', credential, ...(view ? { view } : {}) })
				return
			}
			case 'compute_digest':
				this.#bench.draft.dropField('content-digest')
				await this.#bench.send()
				return
			case 'send_in_raw_mode':
				await this.#rawMode(credential)
				return
			case 'send_again':
				await this.#bench.again()
				return
			case 'trust_ca':
			case 'trust_certificate':
				this.problem = null
				this.trusting = this.#untrusted(action === 'trust_ca' ? 'ca' : 'pin')
				if (!this.trusting) this.#desk.routes.go({ name: 'settings' })
				return
			case 'accept_unverified':
				this.problem = null
				this.accepting = this.#host() ?? null
				return
			case 'unlock':
				await this.unlock(null)
				return
			case 'allow_live':
				await this.#try(async () => {
					await this.#desk.ipc.call('environment_allow_live', {})
					await this.#bench.send()
				})
				return
			case 'clear_faults':
				await this.clearFaults()
		}
	}

	clearFaults(): Promise<void> {
		return this.#try(() => this.#desk.ipc.call('gateway_clear_faults', {}))
	}

	async trust(): Promise<void> {
		const asked = this.trusting
		if (!asked) return
		await this.#try(async () => {
			const { certificate, host } = asked
			if (asked.by === 'ca') await this.#desk.ipc.call('trust_add_ca', { pem: certificate.pem, hosts: [host] })
			else await this.#desk.ipc.call('trust_add_pin', { host, pin: certificate.fingerprints.spki_sha256 })
			this.trusting = null
			await this.#bench.again()
		})
	}

	async accept(): Promise<void> {
		const host = this.accepting
		if (host === null) return
		await this.#try(async () => {
			await this.#desk.ipc.call('accept_unverified', { host, accept: true })
			this.accepting = null
			await this.#bench.again()
		})
	}

	/** The highest certificate the server sent that may vouch for others, or the one that stands for itself. */
	#untrusted(by: 'ca' | 'pin'): Trusting | null {
		const certificates = this.#bench.evidence?.certificates
		const vouches = certificates?.findLast((one) => one.basic_constraints?.ca === true || one.subject === one.issuer)
		const certificate = by === 'pin' ? certificates?.[0] : vouches
		const host = this.#host()
		return certificate && host !== undefined ? { certificate, host, by } : null
	}

	/** The host that was asked for; an address is no server name, but stands in the target. */
	#host(): string | undefined {
		const { handshake, request } = this.#bench.evidence ?? {}
		if (handshake?.server_name !== undefined) return handshake.server_name
		try {
			return request ? new URL(request.target).hostname.replace(/^\[|\]$/g, '') : undefined
		} catch {
			return undefined
		}
	}

	/** The page of a step, from the strip; steps without one show in the inspector. */
	openStep(step: Step): void {
		const { view } = this.#bench
		const credential = this.credential
		if (view?.evidence.handshake && step === 'tls') this.#desk.routes.go({ name: 'handshake', view })
		else if (view && step === 'tls' && view.evidence.certificates.length > 0) this.#desk.routes.go({ name: 'chain', view })
		else if (view && step === 'signature' && view.evidence.signature) this.#desk.routes.go({ name: 'signature', view })
		else if (view && step === 'token' && view.evidence.token && credential !== undefined) this.#desk.routes.go({ name: 'token', credential, view })
		else {
			this.#desk.routes.go({ name: 'workbench' })
			this.#bench.rows.set(step, true, false)
		}
	}

	async #land(path: string | undefined): Promise<void> {
		await this.#desk.readWorkspace()
		if (path !== undefined) await this.#bench.openRequest(path)
		this.#bench.landed += 1
	}

	async #rawMode(credential: string | undefined): Promise<void> {
		const held = this.#desk.credentials.value?.find((one) => one.name === credential)
		if (!held) return
		await this.#try(async () => {
			const form = { ...formOf(held), basic_encoding: 'raw' }
			await this.#desk.ipc.call('credential_save', { form })
			await this.#bench.send()
		})
	}

	/** After the vault answered, what waited for it is done. */
	async #vault(work: () => Promise<{ usable: boolean; problem?: Problem }>): Promise<void> {
		await this.#try(async () => {
			const vault = await work()
			if (!vault.usable) {
				this.problem = vault.problem ?? null
				return
			}
			const view = await this.#bench.again()
			if (view && this.#desk.workspace.value?.first_run === true) await this.#land(view.request_path)
		})
	}

	async #opens(exchange: string): Promise<boolean> {
		const read = await this.#desk.ipc.call('exchange_read', { exchange }).catch(() => null)
		if (!read) return false
		await this.#bench.openExchange(exchange)
		return true
	}

	#exchange(work: (exchange: string) => Promise<unknown>, rethrow = false): Promise<void> {
		const exchange = this.#bench.evidence?.exchange
		return exchange === undefined ? Promise.resolve() : this.#try(() => work(exchange), rethrow)
	}

	async #try(work: () => Promise<unknown>, rethrow = false): Promise<void> {
		this.problem = null
		this.saved = null
		try {
			await work()
		} catch (reason) {
			this.problem = problemOf(reason)
			if (rethrow) throw reason
		}
	}
}
