/** How the window asks its host for anything. Two makers: the real host (tauri.ts) and the fixture. */

import type { Commands } from './commands'

type Named<Streams extends boolean> = {
	[K in keyof Commands]: Commands[K] extends { progress: unknown } ? (Streams extends true ? K : never) : Streams extends true ? never : K
}[keyof Commands]

/** Commands that answer once. */
export type CallName = Exclude<Named<false>, 'exchange_content'>
/** Commands that report progress before they answer. */
export type StreamName = Named<true>
export type Arguments<K extends keyof Commands> = Commands[K]['arguments']
export type Result<K extends keyof Commands> = Commands[K]['result']
export type Progress<K extends StreamName> = Commands[K]['progress']

export interface Transport {
	/** Rejects with a `Problem`. */
	call: <K extends CallName>(name: K, args: Arguments<K>) => Promise<Result<K>>
	/** Rejects with a `Problem`; `onprogress` is called in order. */
	stream: <K extends StreamName>(name: K, args: Arguments<K>, onprogress: (progress: Progress<K>) => void) => Promise<Result<K>>
	/** Raw bytes of a content, at most 256 KiB of them. */
	content: (reference: string, offset: number, length: number) => Promise<ArrayBuffer>
}
