/** A request while it is edited. What is sent is what stands here, saved or not. */

import type { DraftField } from '../../lib/ipc/generated/DraftField'
import type { RequestDraft } from '../../lib/ipc/generated/RequestDraft'

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const

/** Methods that change nothing (RFC 9110 §9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export function isSafe(method: string): boolean {
	return SAFE.has(method)
}

export function emptyDraft(): RequestDraft {
	return { name: 'New request', method: 'GET', url: 'https://', query: [], fields: [] }
}

export type FieldList = 'fields' | 'query'

export class Draft {
	value = $state<RequestDraft>(emptyDraft())
	#saved = $state.raw('')
	/** Never saved yet. */
	readonly fresh = $derived(this.value.path === undefined)
	readonly changed = $derived(this.#saved === '' || text(this.value) !== this.#saved)
	/** Fields that will be sent as typed, the media type of the content among them. */
	readonly fieldCount = $derived(
		this.value.fields.filter((field) => !field.off && field.name !== '').length + (this.contentType === undefined ? 0 : 1),
	)

	/** Starts over from what is saved. */
	load(draft: RequestDraft): void {
		this.value = copy(draft)
		this.#saved = draft.path === undefined ? '' : text(draft)
	}

	/** What was just written is what is saved; typing that went on meanwhile stays. */
	wrote(before: RequestDraft, after: RequestDraft): void {
		const untouched = text(this.value) === text(before)
		this.#saved = text(after)
		if (untouched) this.value = copy(after)
		else if (after.path !== undefined) this.value.path = after.path
	}

	/** A copy that later edits do not reach. */
	snapshot(): RequestDraft {
		return copy($state.snapshot(this.value))
	}

	/** The media type shown beside the content: none without content. */
	get contentType(): string | undefined {
		const { content, content_file, content_type } = this.value
		return content === undefined && content_file === undefined ? undefined : content_type
	}

	setContent(content: string): void {
		if (content === '') delete this.value.content
		else this.value.content = content
	}

	setCredential(credential: string): void {
		if (credential === '') delete this.value.authorization
		else this.value.authorization = { credential }
	}

	setScope(scope: string): void {
		if (!this.value.authorization) return
		if (scope.trim() === '') delete this.value.authorization.scope
		else this.value.authorization.scope = scope.trim()
	}

	setSigning(profile: string): void {
		if (profile === '') delete this.value.signing
		else this.value.signing = profile
	}

	setClientCertificate(credential: string): void {
		if (credential === '') delete this.value.client_certificate
		else this.value.client_certificate = credential
	}

	setContentType(type: string): void {
		if (type.trim() === '') delete this.value.content_type
		else this.value.content_type = type.trim()
	}

	setTimeout(seconds: number | null): void {
		if (seconds === null) delete this.value.timeout_s
		else this.value.timeout_s = seconds
	}

	setRedirects(most: number | null): void {
		if (most === null) delete this.value.redirects
		else this.value.redirects = most
	}

	setHttp(version: string): void {
		if (version === 'auto') delete this.value.http
		else this.value.http = version
	}

	/** Writes one row; writing into the row after the last adds it. */
	setField(list: FieldList, index: number, change: Partial<DraftField>): void {
		const row = this.value[list][index]
		if (row) Object.assign(row, change)
		else this.value[list].push({ name: '', value: '', off: false, ...change })
	}

	removeField(list: FieldList, index: number): void {
		this.value[list].splice(index, 1)
	}

	/** Lets Countersign compute Content-Digest: a field typed by hand goes. */
	dropField(name: string): void {
		this.value.fields = this.value.fields.filter((field) => field.name.toLowerCase() !== name)
	}
}

function copy(draft: RequestDraft): RequestDraft {
	return structuredClone(draft)
}

/** The draft as comparable text: rows without a name count for nothing, an absent member is no member. */
function text(draft: RequestDraft): string {
	const named = (rows: DraftField[]) => rows.filter((row) => row.name !== '' || row.value !== '')
	return JSON.stringify([
		draft.path ?? null,
		draft.name,
		draft.method,
		draft.url,
		named(draft.query).map((row) => [row.name, row.value, row.off]),
		named(draft.fields).map((row) => [row.name, row.value, row.off]),
		draft.authorization ? [draft.authorization.credential, draft.authorization.scope ?? null] : null,
		draft.signing ?? null,
		draft.client_certificate ?? null,
		draft.content_type ?? null,
		draft.content ?? null,
		draft.content_file ?? null,
		draft.timeout_s ?? null,
		draft.redirects ?? null,
		draft.http ?? null,
	])
}
