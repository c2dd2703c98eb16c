/** What is chosen on the page: a message, and a field of it. Bytes follow from the field. */

import type { Handshake } from '../../lib/ipc/generated/Handshake'
import type { HandshakeMessage } from '../../lib/ipc/generated/HandshakeMessage'
import type { MessageField } from '../../lib/ipc/generated/MessageField'
import type { Story } from '../../lib/ipc/generated/Story'
import { fieldAt, firstField, parentOf } from './bytes'

const NONE: MessageField[] = []

export class Reading {
	readonly #handshake: Handshake
	message = $state(0)
	field = $state(0)
	/** The byte the keyboard is on in the bytes pane. */
	cursor = $state(0)

	constructor(handshake: Handshake, story: Story) {
		this.#handshake = handshake
		const answer = handshake.messages.findIndex((one) => one.name === 'ServerHello')
		this.choose(story.end?.message ?? Math.max(0, answer))
	}

	get current(): HandshakeMessage | undefined {
		return this.#handshake.messages[this.message]
	}

	get fields(): MessageField[] {
		return this.current?.fields ?? NONE
	}

	get chosen(): MessageField | undefined {
		return this.fields[this.field]
	}

	get parent(): MessageField | undefined {
		const at = parentOf(this.fields, this.field)
		return at === null ? undefined : this.fields[at]
	}

	choose(message: number): void {
		this.message = message
		this.chooseField(firstField(this.fields))
	}

	chooseField(index: number): void {
		this.field = index
		this.cursor = this.fields[index]?.offset ?? 0
	}

	/** A byte chooses the field it belongs to. */
	chooseByte(offset: number): void {
		const length = this.current?.length ?? 0
		const at = Math.min(Math.max(0, offset), Math.max(0, length - 1))
		const field = fieldAt(this.fields, at)
		if (field !== null) this.field = field
		this.cursor = at
	}
}
