/** A message as it went over the wire: start line, fields, then content as text. */

import { StreamLanguage } from '@codemirror/language'

interface State {
	part: 'start' | 'fields' | 'content'
	/** Within a field line: past the colon. */
	value: boolean
}

export const http = StreamLanguage.define<State>({
	name: 'http',
	startState: () => ({ part: 'start', value: false }),
	blankLine: (state) => {
		state.part = 'content'
	},
	token: (stream, state) => {
		if (state.part === 'content') {
			stream.skipToEnd()
			return null
		}
		if (state.part === 'start') {
			stream.skipToEnd()
			state.part = 'fields'
			return 'propertyName'
		}
		if (stream.sol()) {
			state.value = false
			if (stream.match(/^[^\s:]+/)) return 'propertyName'
		}
		if (!state.value && stream.eat(':')) {
			state.value = true
			return 'punctuation'
		}
		stream.skipToEnd()
		return 'string'
	},
})
