/** The find bar: one field, how many, next and previous. No replace. */

import {
	closeSearchPanel,
	findNext,
	findPrevious,
	getSearchQuery,
	openSearchPanel,
	search,
	searchKeymap,
	SearchQuery,
	setSearchQuery,
} from '@codemirror/search'
import type { Extension } from '@codemirror/state'
import { keymap, type EditorView, type Panel, type ViewUpdate } from '@codemirror/view'

/** Beyond this they are not counted. */
const COUNTED = 1000

function button(text: string, label: string, act: () => void): HTMLButtonElement {
	const element = document.createElement('button')
	element.type = 'button'
	element.textContent = text
	element.setAttribute('aria-label', label)
	element.addEventListener('click', act)
	return element
}

function counted(view: EditorView): string {
	const query = getSearchQuery(view.state)
	if (!query.valid) return ''
	const { from } = view.state.selection.main
	let count = 0
	let at = 0
	const cursor = query.getCursor(view.state)
	for (let next = cursor.next(); !next.done && count < COUNTED; next = cursor.next()) {
		count += 1
		if (next.value.from === from) at = count
	}
	const total = count === COUNTED ? `${COUNTED} or more` : String(count)
	return count === 0 ? 'Not found' : at > 0 ? `${at} of ${total}` : `${total} found`
}

function bar(view: EditorView): Panel {
	const dom = document.createElement('div')
	dom.className = 'find'
	dom.setAttribute('role', 'search')
	const field = document.createElement('input')
	field.type = 'text'
	field.placeholder = 'Find'
	field.setAttribute('aria-label', 'Find')
	field.setAttribute('main-field', 'true')
	field.autocomplete = 'off'
	field.spellcheck = false
	field.value = getSearchQuery(view.state).search
	const count = document.createElement('span')
	count.setAttribute('role', 'status')

	function look(): void {
		view.dispatch({ effects: setSearchQuery.of(new SearchQuery({ search: field.value, literal: true })) })
		if (field.value === '') return
		// a longer word goes on from where the shorter one stood, and the field stays as it is typed
		const { from } = view.state.selection.main
		const caret = field.selectionStart
		view.dispatch({ selection: { anchor: from } })
		findNext(view)
		field.setSelectionRange(caret, caret)
	}

	field.addEventListener('input', look)
	dom.addEventListener('keydown', (event) => {
		if (event.key === 'Enter' && event.target === field) {
			event.preventDefault()
			if (event.shiftKey) findPrevious(view)
			else findNext(view)
		} else if (event.key === 'Escape') {
			event.preventDefault()
			event.stopPropagation()
			closeSearchPanel(view)
			view.focus()
		}
	})
	dom.append(
		field,
		count,
		button('Previous', 'Previous match', () => findPrevious(view)),
		button('Next', 'Next match', () => findNext(view)),
		button('Close', 'Close find', () => {
			closeSearchPanel(view)
			view.focus()
		}),
	)
	return {
		dom,
		top: true,
		mount: () => field.select(),
		update: (update: ViewUpdate) => {
			if (update.docChanged || update.selectionSet || update.transactions.some((one) => one.effects.length > 0)) count.textContent = counted(view)
		},
	}
}

export { openSearchPanel }

export const find: Extension = [search({ top: true, createPanel: bar, literal: true }), keymap.of(searchKeymap)]
