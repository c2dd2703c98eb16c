/** Small things about words. */

/** A capital at the start, a full stop at none: what errors say in lower case begins a line here. */
export function sentence(text: string): string {
	return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Both ends of a long value with `…` between them, at most `length` characters. */
export function middle(text: string, length: number): string {
	if (text.length <= length || length < 3) return text
	const head = Math.ceil((length - 1) / 2)
	return `${text.slice(0, head)}…${text.slice(text.length - (length - 1 - head))}`
}
