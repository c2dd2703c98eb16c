/** Files of a client certificate on their way in: read when they are handed on, and kept nowhere here. */

const LIMIT = 1024 * 1024

export interface Files {
	/** Base64, because a file may be DER. */
	certificate: string
	key: string | null
}

export class Handed {
	/** What is wrong with what was chosen. */
	problem = $state('')
	#chosen: { certificate: File | null; key: File | null } = { certificate: null, key: null }

	choose(which: 'certificate' | 'key', input: HTMLInputElement): void {
		const file = input.files?.[0] ?? null
		this.problem = ''
		if (file && file.size > LIMIT) {
			this.problem = `${file.name} is larger than 1 MiB; a client certificate is not.`
			input.value = ''
			this.#chosen[which] = null
			return
		}
		this.#chosen[which] = file
	}

	/** The files, else what was pasted; nothing where there is neither. */
	async take(pasted: string): Promise<Files | null> {
		const { certificate, key } = this.#chosen
		const own = certificate ? await bytes(certificate) : new TextEncoder().encode(pasted.trim())
		if (own.length === 0) {
			this.problem = 'Choose a file, or paste certificate and key as PEM.'
			return null
		}
		this.problem = ''
		return { certificate: base64(own), key: key ? base64(await bytes(key)) : null }
	}
}

async function bytes(file: File): Promise<Uint8Array> {
	return new Uint8Array(await file.arrayBuffer())
}

function base64(data: Uint8Array): string {
	let text = ''
	for (const byte of data) text += String.fromCharCode(byte)
	return btoa(text)
}
