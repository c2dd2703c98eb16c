/** A certificate in the words of its card. */

import type { CertificateView } from '../../lib/ipc/generated/CertificateView'
import type { Finding } from '../../lib/ipc/generated/Finding'
import type { Verdict } from '../../lib/ipc/generated/Verdict'

/** The common name of a distinguished name, else its organization, else its first value, else the whole. */
export function shortName(distinguished: string): string {
	const parts = attributes(distinguished)
	const named = (wanted: string) => parts.find(([type]) => type === wanted)
	return (named('CN') ?? named('O') ?? named('OU') ?? parts[0])?.[1] ?? distinguished
}

/** RFC 4514 attributes in the order written; escapes resolved, which is all a card needs. */
export function attributes(distinguished: string): [string, string][] {
	return distinguished
		.split(/(?<!\\)[,+]/)
		.map((part) => part.trim())
		.filter((part) => part.includes('='))
		.map((part) => {
			const at = part.indexOf('=')
			return [part.slice(0, at).trim(), part.slice(at + 1).replace(/\\(.)/g, '$1').trim()]
		})
}

export type Role = 'End entity' | 'Intermediate' | 'Root' | 'Trust anchor'

export function role(certificate: CertificateView, index: number): Role {
	if (certificate.source === 'store') return 'Trust anchor'
	if (index === 0) return 'End entity'
	return certificate.subject === certificate.issuer ? 'Root' : 'Intermediate'
}

/** Characters that fit in the card, with and without the words about the rest. */
const ALL_NAMES = 31
const FIRST_NAMES = 20

/** Three names, then how many more. A CA has none and is told by its subject. */
export function names(certificate: CertificateView): string {
	const all = certificate.names.map((name) => name.replace(/^(DNS|IP|URI|email):/, ''))
	if (all.length === 0)
		return attributes(certificate.subject)
			.filter(([type]) => type === 'CN' || type === 'O')
			.map(([, value]) => value)
			.join(', ')
	const shown = all.slice(0, 3)
	while (shown.length > 1 && shown.join(', ').length > (all.length > shown.length ? FIRST_NAMES : ALL_NAMES)) shown.pop()
	const more = all.length - shown.length
	return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}

export function issuer(certificate: CertificateView): string {
	return certificate.issuer === certificate.subject ? 'itself' : shortName(certificate.issuer)
}

export function key(certificate: CertificateView): string {
	const { type, curve, bits } = certificate.key
	if (curve) return `${type === 'EC' ? 'ECDSA' : type} ${curve}`
	return bits === undefined ? type : `${type} ${bits}`
}

export function usages(certificate: CertificateView): string {
	return [...certificate.key_usage, ...certificate.extended_key_usage].join(', ') || 'not restricted'
}

/** `04:9c:e1…7b:20`. */
export function serial(text: string): string {
	const bytes = text.split(':')
	return bytes.length > 6 ? `${bytes.slice(0, 3).join(':')}…${bytes.slice(-2).join(':')}` : text
}

/** `9A41 C07E 3B5D 21F0 … 04C6 E2A9 51D2 88F0`: both ends, so that two can be told apart. */
export function fingerprint(hex: string): string {
	const groups = hex.toUpperCase().match(/.{1,4}/g) ?? []
	if (groups.length <= 8) return groups.join(' ')
	return `${groups.slice(0, 4).join(' ')} … ${groups.slice(-4).join(' ')}`
}

/** Label ids of stores as people name them. */
export function storeName(label: string | undefined): string {
	switch (label) {
		case undefined:
			return 'a store'
		case 'os':
			return 'OS store'
		case 'mozilla':
			return 'Mozilla'
		case 'gateway':
			return 'gateway'
		default:
			return label
	}
}

export function source(certificate: CertificateView): string {
	switch (certificate.source) {
		case 'sent':
			return 'sent by server'
		case 'fetched':
			return 'fetched'
		case 'store':
			return `from ${storeName(certificate.store)}`
	}
}

/** Findings of one card, worst first. One without an index is about the whole path and stands on the end entity. */
export function findingsOf(findings: readonly Finding[], index: number): Finding[] {
	const weight = { error: 0, warning: 1, info: 2 }
	return findings
		.filter((finding) => /^(certificate|path|name|usage|validity|key|serial|subject|chain|constraint|revocation|trust|extension|identifier|access|transparency)\./.test(finding.id))
		.filter((finding) => (finding.certificate ?? 0) === index)
		.sort((a, b) => weight[a.severity] - weight[b.severity])
}

/** The issuer that nobody sent and no store has, when that is what stopped the path. */
export function missingIssuer(certificates: readonly CertificateView[], findings: readonly Finding[]): string | null {
	if (!findings.some((finding) => finding.id === 'path.missing_intermediate')) return null
	const last = certificates.filter((certificate) => certificate.source !== 'store').at(-1)
	return last ? shortName(last.issuer) : null
}

const VERDICT_WORDS: Record<Verdict['state'], string> = {
	trusted: 'Trusted',
	trusted_with_findings: 'Trusted with findings',
	not_trusted: 'Not trusted',
	not_checked: 'Not checked',
}

/** The sentence above the cards. */
export function verdictSentence(
	verdict: Verdict | undefined,
	certificates: readonly CertificateView[],
	findings: readonly Finding[],
): string {
	if (!verdict) return 'The chain was not checked'
	const word = VERDICT_WORDS[verdict.state]
	const subject = certificates[0] ? shortName(certificates[0].subject) : 'the server'
	switch (verdict.state) {
		case 'trusted':
		case 'trusted_with_findings': {
			const anchor = certificates.find((certificate) => certificate.source === 'store')
			return anchor ? `${word}: ${subject}, by a chain to ${shortName(anchor.subject)}` : `${word}: ${subject}`
		}
		case 'not_trusted': {
			const cause = findings.find((finding) => finding.id === verdict.reason) ?? findings.find((f) => f.rejects)
			return cause ? `${word}: ${lowered(cause.sentence)}` : `${word}: ${verdict.reason}`
		}
		case 'not_checked':
			return `${word}: ${NOT_CHECKED[verdict.reason] ?? verdict.reason}`
	}
}

const NOT_CHECKED: Record<string, string> = {
	verification_off: 'verification was switched off for this host',
	plain_http: 'this was not a TLS connection',
	handshake_failed: 'the handshake ended before the chain could be judged',
	work_budget: 'the chain is too large to be judged',
}

/** A sentence after a colon: small first letter unless it is a name, no full stop. */
function lowered(sentence: string): string {
	const bare = sentence.replace(/\.$/, '')
	return /^(The|A|An|Its|It|No|One|This) /.test(bare) ? bare.charAt(0).toLowerCase() + bare.slice(1) : bare
}

/** All certificates as one PEM text, in the order shown. */
export function pem(certificates: readonly CertificateView[]): string {
	return certificates.map((certificate) => `${certificate.pem.trim()}\n`).join('')
}

/** Pins in the form of RFC 7469: base64 of the SHA-256 of each SubjectPublicKeyInfo, one a line. */
export function pins(certificates: readonly CertificateView[]): string {
	return certificates
		.map((certificate) => `sha256/${base64(certificate.fingerprints.spki_sha256)}  ${shortName(certificate.subject)}\n`)
		.join('')
}

/** `spki_sha256` is hex in evidence; older documents hold base64 already. */
function base64(fingerprint: string): string {
	const pairs = /^[0-9a-f]{64}$/i.test(fingerprint) ? fingerprint.match(/../g) : null
	return pairs ? btoa(String.fromCharCode(...pairs.map((pair) => parseInt(pair, 16)))) : fingerprint
}
