/** Bytes of a message and the fields they belong to. */

import type { MessageField } from '../../lib/ipc/generated/MessageField'

export const ROW = 16

export interface Range {
	start: number
	/** First byte after it. */
	end: number
}

export function rangeOf(field: MessageField): Range {
	return { start: field.offset, end: field.offset + field.length }
}

/** The field's parent: the nearest one before it that is less deep. */
export function parentOf(fields: readonly MessageField[], index: number): number | null {
	const depth = fields[index]?.depth ?? 0
	for (let at = index - 1; at >= 0; at -= 1) {
		if ((fields[at]?.depth ?? 0) < depth) return at
	}
	return null
}

/** The deepest field that holds a byte. */
export function fieldAt(fields: readonly MessageField[], offset: number): number | null {
	let found: number | null = null
	fields.forEach((field, index) => {
		const within = field.offset <= offset && offset < field.offset + field.length
		if (within && (found === null || (field.depth ?? 0) >= (fields[found]?.depth ?? 0))) found = index
	})
	return found
}

/** The field's own meaning, else that of the nearest field around it that has one. */
export function meaningOf(fields: readonly MessageField[], index: number): { field: MessageField; meaning: string } | null {
	for (let at: number | null = index; at !== null; at = parentOf(fields, at)) {
		const field: MessageField | undefined = fields[at]
		if (field?.meaning) return { field, meaning: field.meaning }
	}
	return null
}

/** The field that is chosen when a message opens: the key exchange's group, else the first that means something. */
export function firstField(fields: readonly MessageField[]): number {
	const share = fields.findIndex((field) => field.name === 'key_share')
	const group = fields.findIndex((field, index) => index > share && field.name === 'group' && Boolean(field.meaning))
	if (share >= 0 && group >= 0) return group
	const meant = fields.findIndex((field) => Boolean(field.meaning))
	return Math.max(0, meant)
}

/** `0056`; at least four digits, as many for every row of one message. */
export function hexOffset(offset: number, length: number): string {
	return offset.toString(16).padStart(length > 0xffff ? 6 : 4, '0')
}

export function byteAt(hex: string, offset: number): string {
	return hex.slice(offset * 2, offset * 2 + 2)
}

/** Eight digits a group, so that a long secret can be read. */
export function grouped(hex: string): string {
	return (hex.match(/.{1,8}/g) ?? []).join(' ')
}
