/** Citations as they are shown, where they lead, and what their section is called. */

import type { Citation } from '../ipc/generated/Citation'
import { TITLES } from './section_titles'

const RFC = /^RFC (\d+)$/

/** `RFC 5280 §4.1.2.5`, `FIPS 180-4`, `practice`. */
export function shown({ source, section }: Citation): string {
	if (section === '') return source
	return /^[\dA-Z][\d.]*$/.test(section) ? `${source} §${section}` : `${source} ${section}`
}

/** The address of the section; nothing for what is no RFC. */
export function address({ source, section }: Citation): string | undefined {
	const number = RFC.exec(source)?.[1]
	if (number === undefined) return undefined
	const anchor = /^\d/.test(section) ? `#section-${section}` : /^[A-Z](\.\d+)*$/.test(section) ? `#appendix-${section}` : ''
	return `https://www.rfc-editor.org/rfc/rfc${number}.html${anchor}`
}

/** The section's title with the document's, or the document's alone. */
export function sectionTitle({ source, section }: Citation): string {
	if (source === 'practice') return 'Good practice; no document demands it'
	const titles = TITLES[source]
	if (!titles) return shown({ source, section })
	const title = titles[section]
	return section === '' || title === undefined ? `${source}: ${titles[''] ?? ''}` : `${title} (${source}: ${titles[''] ?? ''})`
}
