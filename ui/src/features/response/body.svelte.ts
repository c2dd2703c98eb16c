/** A content of up to 1 MiB, read whole by ranges and shown in an editor. */

import type { ContentView } from '../../lib/ipc/generated/ContentView'
import { Loaded } from '../loaded.svelte'

/** The most that one range may ask for. */
export const RANGE = 256 * 1024
/** Up to here a content is read whole; above it, by the lines in view. */
export const WHOLE = 1024 * 1024

export type ReadRange = (reference: string, offset: number, length: number) => Promise<ArrayBuffer>

export type Kind = 'json' | 'text'

export class Body {
	readonly text = new Loaded<string>()
	/** JSON is shown indented unless asked for as it came. */
	plain = $state(false)
	readonly #read: ReadRange

	constructor(read: ReadRange) {
		this.#read = read
	}

	async load(content: ContentView | undefined): Promise<void> {
		await this.text.take(content?.ref === undefined || content.length > WHOLE ? Promise.resolve('') : this.#whole(content.ref, content.length))
	}

	async #whole(reference: string, length: number): Promise<string> {
		const decoder = new TextDecoder()
		let text = ''
		for (let offset = 0; offset < length; offset += RANGE) {
			const bytes = await this.#read(reference, offset, Math.min(RANGE, length - offset))
			text += decoder.decode(bytes, { stream: true })
			if (bytes.byteLength === 0) break
		}
		return text + decoder.decode()
	}
}

export function kindOf(mediaType: string | undefined): Kind {
	const type = (mediaType ?? '').toLowerCase().split(';')[0]?.trim() ?? ''
	if (type === 'application/json' || type.endsWith('+json')) return 'json'
	return 'text'
}

/** JSON with its own tokens kept and only the white space between them set; null: it is no JSON. */
export function indented(text: string): string | null {
	try {
		JSON.parse(text)
	} catch {
		return null
	}
	let out = ''
	let depth = 0
	const line = () => `\n${'  '.repeat(depth)}`
	const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
	tokens.forEach((token, index) => {
		const next = tokens[index + 1]
		const before = tokens[index - 1]
		if (token === '{' || token === '[') {
			depth += 1
			out += next === '}' || next === ']' ? token : `${token}${line()}`
		} else if (token === '}' || token === ']') {
			depth -= 1
			out += before === '{' || before === '[' ? token : `${line()}${token}`
		} else if (token === ',') out += `,${line()}`
		else if (token === ':') out += ': '
		else out += token
	})
	return out
}
