/** One line of the command list. */

import type { Component } from 'svelte'

export interface Command {
	id: string
	label: string
	/** Muted, after the label. */
	note?: string | undefined
	shortcut?: readonly string[] | undefined
	/** An icon of the set: takes `size` and `strokeWidth`. */
	// eslint-disable-next-line @typescript-eslint/no-explicit-any -- icons differ in the props they take
	icon?: Component<any> | undefined
	/** Indices of the letters of the label that matched. */
	matches?: readonly number[] | undefined
}

export interface CommandGroup {
	label: string
	items: readonly Command[]
}

/** A label cut into runs that matched and runs that did not. */
export function runs(label: string, matches: readonly number[] = []): { text: string; matched: boolean }[] {
	const hit = new Set(matches)
	const found: { text: string; matched: boolean }[] = []
	for (let at = 0; at < label.length; at += 1) {
		const matched = hit.has(at)
		const last = found.at(-1)
		if (last?.matched === matched) last.text += label.charAt(at)
		else found.push({ text: label.charAt(at), matched })
	}
	return found
}
