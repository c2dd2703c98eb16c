/** How a query fits a text: every word of it somewhere, beginnings of words first. */

export interface Match {
	/** Higher fits better. */
	score: number
	/** Indices of the letters of the text that matched. */
	matches: number[]
}

/** The best place of one word: as a run at the start of a word, as a run anywhere, or as letters in order. */
function place(word: string, text: string): Match | null {
	let best: Match | null = null
	for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
		const starts = at === 0 || /[^\p{L}\p{N}]/u.test(text.charAt(at - 1))
		const score = (starts ? 200 : 100) + word.length - at / 100
		if (!best || score > best.score) best = { score, matches: Array.from(word, (_, index) => at + index) }
	}
	if (best) return best
	const matches: number[] = []
	let from = 0
	for (const letter of word) {
		const at = text.indexOf(letter, from)
		if (at < 0) return null
		matches.push(at)
		from = at + 1
	}
	const spread = (matches.at(-1) ?? 0) - (matches[0] ?? 0) + 1
	// letters far apart are chance
	return spread > word.length * 3 ? null : { score: 50 - spread, matches }
}

/** Nothing when a word of the query is not in the text; an empty query fits everything. */
export function match(query: string, text: string): Match | null {
	const folded = text.toLowerCase()
	const found: Match = { score: 0, matches: [] }
	for (const word of query.toLowerCase().split(/\s+/).filter(Boolean)) {
		const one = place(word, folded)
		if (!one) return null
		found.score += one.score
		found.matches.push(...one.matches)
	}
	found.matches = [...new Set(found.matches)].sort((a, b) => a - b)
	return found
}
