/** A signature base as people read it: lines, what each covers, and the rule that made it. RFC 9421 §2.5. */

import type { Citation } from '../../lib/ipc/generated/Citation'

export interface BaseLine {
	/** Counts from 1. */
	number: number
	/** Component identifier without quotes: `@method`, `content-digest`, `@query-param;name="id"`. */
	component: string
	text: string
	/** The last line ends without a line feed. */
	last: boolean
}

export function lines(base: string): BaseLine[] {
	const texts = base.split('\n')
	return texts.map((text, index) => ({
		number: index + 1,
		component: component(text),
		text,
		last: index === texts.length - 1,
	}))
}

/** The identifier at the start of a line; empty when the line has none. */
export function component(line: string): string {
	const match = /^"([^"]*)"((?:;[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[^"\\]|\\.)*"|[^;:\s]+))?)*): ?/.exec(line)
	return match ? `${match[1]}${match[2] ?? ''}` : ''
}

export interface Rule {
	sentence: string
	citation: Citation
}

function rule(sentence: string, section: string, source = 'RFC 9421'): Rule {
	return { sentence, citation: { source, section } }
}

const DERIVED: Record<string, Rule> = {
	'@method': rule('The method as it stands in the request; its case is kept.', '2.2.1'),
	'@target-uri': rule('The whole target URI as sent, without a fragment.', '2.2.2'),
	'@authority': rule('Host and port in lower case, a default port left out.', '2.2.3'),
	'@scheme': rule('The scheme of the target URI, in lower case.', '2.2.4'),
	'@request-target': rule('The request target in the form it has on the wire.', '2.2.5'),
	'@path': rule('The absolute path; an empty one is written as a slash.', '2.2.6'),
	'@query': rule('The query with its question mark; the mark alone if none.', '2.2.7'),
	'@query-param': rule('One query parameter, its name and value encoded anew.', '2.2.8'),
	'@status': rule('The three digits of the status code.', '2.2.9'),
	'@signature-params': rule(
		'The list in order, then the parameters; it closes the base.',
		'2.3',
	),
	'content-digest': rule('The digest of the content, so the content is signed too.', '2', 'RFC 9530'),
	authorization: rule('The token was signed in full; its fingerprint stands here.', '2.1'),
}

/** Why a line reads as it does. */
export function ruleOf(line: BaseLine): Rule {
	const name = line.component.split(';')[0] ?? ''
	const port = name === '@target-uri' ? /^"@target-uri": (https?):\/\/(?:\[[^\]]*\]|[^/:]*):(\d+)/.exec(line.text) : null
	if (port) return rule(`Port ${port[2]} is not the default of ${port[1]}, so it stays in the line.`, '2.2.2')
	return (
		DERIVED[name] ??
		rule('The values of the field, trimmed, joined by comma and space.', '2.1')
	)
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']

/** `four components`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
	return `${WORDS[count] ?? String(count)} ${count === 1 ? singular : plural}`
}
