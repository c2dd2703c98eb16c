/** Our base against the one a server says it built, line by line, up to the first difference. */

import { component, counted } from './base'

export interface EqualRun {
	kind: 'equal'
	from: number
	to: number
	/** The text, when the run is one line. */
	text: string | null
}

export interface DifferingPair {
	kind: 'pair'
	number: number
	ours: string | null
	theirs: string | null
	/** Index of the first differing character; the end of the shorter line where one is a prefix. */
	at: number
}

export interface BaseComparison {
	rows: (EqualRun | DifferingPair)[]
	first: DifferingPair | null
	lineCount: number
	/** `5 lines, first difference in line 2, character 33`. */
	summary: string
	likely: string | null
	hint: string | null
}

/** A pasted base may end with a line feed that the base itself does not have, and may carry CRLF from a terminal. */
export function normalised(pasted: string): string {
	return pasted.replace(/\r\n/g, '\n').replace(/\n+$/, '')
}

export function compare(base: string, pasted: string): BaseComparison {
	const ours = base.split('\n')
	const theirs = normalised(pasted).split('\n').map(withheld)
	const rows: (EqualRun | DifferingPair)[] = []
	let first: DifferingPair | null = null
	for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
		const left = ours[index] ?? null
		const right = theirs[index] ?? null
		const last = rows.at(-1)
		if (left !== null && right !== null && same(left, right)) {
			if (last?.kind === 'equal') {
				last.to = index + 1
				last.text = null
			} else rows.push({ kind: 'equal', from: index + 1, to: index + 1, text: left })
			continue
		}
		const pair: DifferingPair = {
			kind: 'pair',
			number: index + 1,
			ours: left,
			theirs: right,
			at: firstDifference(left ?? '', right ?? ''),
		}
		first ??= pair
		rows.push(pair)
	}
	const summary = first
		? `${lineWord(theirs.length)}, first difference in line ${first.number}, character ${first.at + 1}`
		: `${lineWord(theirs.length)}, all equal`
	return { rows, first, lineCount: theirs.length, summary, ...explain(first, ours, theirs, pasted) }
}

const SECRET_FIELDS: readonly string[] = ['authorization', 'proxy-authorization', 'cookie']

/** A pasted base holds the token in full; it is not shown, so it does not get past this line. */
function withheld(line: string): string {
	const name = component(line).split(';')[0] ?? ''
	if (!SECRET_FIELDS.includes(name) || line.includes('‹')) return line
	return line.replace(/^("[^"]*"[^:]*: *)([A-Za-z][A-Za-z0-9-]* )?.*$/, '$1$2‹as pasted›')
}

/** A covered `authorization` stands here without its token, at both ends: only what is around it is compared. */
function same(ours: string, theirs: string): boolean {
	if (ours === theirs) return true
	const around = (line: string) => line.replace(/‹[^›]*›/g, '‹›')
	return theirs.includes('‹as pasted›') && around(ours) === around(theirs)
}

function lineWord(count: number): string {
	return count === 1 ? '1 line' : `${count} lines`
}

export function firstDifference(left: string, right: string): number {
	let at = 0
	while (at < left.length && at < right.length && left[at] === right[at]) at += 1
	return at
}

type Explanation = Pick<BaseComparison, 'likely' | 'hint'>

function explain(first: DifferingPair | null, ours: string[], theirs: string[], pasted: string): Explanation {
	if (!first) {
		if (pasted.includes('\r\n'))
			return {
				likely: 'The lines are equal once line ends are; the pasted text ends its lines with CR LF.',
				hint: 'Have the server join the lines with a line feed alone, RFC 9421 §2.5.',
			}
		return {
			likely: 'The base is the same, so the key or the algorithm differs.',
			hint: 'Compare the public key registered for this keyid with the one of the credential.',
		}
	}
	if (first.ours === null || first.theirs === null)
		return {
			likely: `One end covers ${counted(Math.abs(ours.length - theirs.length), 'component')} more than the other.`,
			hint: 'Have both ends cover the list that Signature-Input names.',
		}
	const names = (list: string[]) => list.map(component).sort().join('\n')
	if (component(first.ours) !== component(first.theirs)) {
		if (names(ours) === names(theirs))
			return {
				likely: 'Both ends cover the same components in another order.',
				hint: 'Have the server take the order from Signature-Input.',
			}
		return {
			likely: 'The two ends cover different components.',
			hint: 'Have both ends cover the list that Signature-Input names.',
		}
	}
	if (first.ours.trim() === first.theirs.trim() || squeezed(first.ours) === squeezed(first.theirs))
		return {
			likely: 'Only white space differs.',
			hint: 'One space follows the colon; values have none at their ends, RFC 9421 §2.1.',
		}
	if (first.ours.toLowerCase() === first.theirs.toLowerCase())
		return {
			likely: 'Only the case of letters differs.',
			hint: 'Method and path keep their case; authority and field names are in lower case.',
		}
	return byComponent(component(first.ours), first.ours, first.theirs)
}

function squeezed(text: string): string {
	return text.replace(/\s+/g, ' ').trim()
}

function byComponent(identifier: string, ours: string, theirs: string): Explanation {
	const name = identifier.split(';')[0]
	switch (name) {
		case '@target-uri':
		case '@authority':
			if (ours.replace(/:\d+(?=\/|$)/, '') === theirs.replace(/:\d+(?=\/|$)/, ''))
				return {
					likely: 'The server rebuilt the URI with another port: a proxy in front of it rewrites Host.',
					hint: 'Let the proxy pass Host on, or have both ends cover @path instead of @target-uri.',
				}
			return {
				likely: 'The server sees another host or path: a proxy in front of it rewrites them.',
				hint: 'Let the proxy pass Host and path on, or have both ends cover @path instead of @target-uri.',
			}
		case '@path':
		case '@query':
		case '@query-param':
			return {
				likely: 'Percent-encoding, or a path prefix that a proxy adds or removes.',
				hint: 'Send the form the server rebuilds, or sign behind the proxy.',
			}
		case 'content-digest':
			return {
				likely: 'The content changed on the way, or the digest was not made from the bytes that were sent.',
				hint: 'Let Countersign compute Content-Digest, and send the content byte for byte.',
			}
		case '@signature-params':
			return {
				likely: 'The server serialises the signature parameters anew instead of taking them as sent.',
				hint: 'Have the server use the value of Signature-Input as received, RFC 9421 §3.2.',
			}
		case 'authorization':
			return { likely: 'The server saw another token or another scheme.', hint: 'Send again and compare once more.' }
		default:
			return {
				likely: 'The field reached the server with another value, or was joined differently.',
				hint: 'Compare the field with the one under Fields, and cover only fields that no proxy touches.',
			}
	}
}
