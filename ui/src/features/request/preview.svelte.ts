/** What would be sent, asked of the core while the draft is edited and a little behind it. */

import type { RequestDraft } from '../../lib/ipc/generated/RequestDraft'
import type { RequestPreview } from '../../lib/ipc/generated/RequestPreview'
import { Loaded } from '../loaded.svelte'

/** Typing that pauses for this long is previewed. */
const PAUSE_MS = 200

export class Preview {
	readonly answer = new Loaded<RequestPreview>()
	readonly #ask: (draft: RequestDraft) => Promise<RequestPreview>

	constructor(ask: (draft: RequestDraft) => Promise<RequestPreview>) {
		this.#ask = ask
	}

	/** Asks after a pause, unless called again before it; meant for an `$effect`. */
	follow(draft: RequestDraft): () => void {
		const timer = setTimeout(() => void this.answer.take(this.#ask(draft)), this.answer.value === null ? 0 : PAUSE_MS)
		return () => clearTimeout(timer)
	}
}
