/** How the editor looks: tokens only, so that both themes and forced colours come by themselves. */

import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const view = EditorView.theme({
	'&': { blockSize: '100%', backgroundColor: 'transparent', color: 'var(--text)', font: '400 var(--data) var(--mono)' },
	'&.cm-focused': { outline: 'none' },
	'.cm-scroller': {
		overflow: 'auto',
		font: 'inherit',
		fontVariantLigatures: 'none',
		fontFeatureSettings: '"calt" 0, "liga" 0',
		scrollbarWidth: 'thin',
		scrollbarColor: 'var(--border) transparent',
	},
	'.cm-content': { padding: '8px 0', caretColor: 'var(--text)' },
	'.cm-line': { padding: '0 16px 0 0' },
	'.cm-placeholder': { color: 'var(--text-faint)' },
	'.cm-gutters': { border: '0', backgroundColor: 'transparent', color: 'var(--text-faint)' },
	'.cm-lineNumbers': { minInlineSize: '44px' },
	'.cm-lineNumbers .cm-gutterElement': { padding: '0 16px 0 16px', fontVariantNumeric: 'tabular-nums' },
	'.cm-cursor, .cm-dropCursor': { borderInlineStartColor: 'var(--text)' },
	'.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
		backgroundColor: 'var(--selected)',
	},
	'&.cm-focused .cm-matchingBracket': { backgroundColor: 'transparent', outline: '1px solid var(--border-control)' },
	'&.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'transparent', outline: '1px solid var(--invalid)' },
	'.cm-searchMatch': { backgroundColor: 'transparent', outline: '1px solid var(--border-control)', borderRadius: '2px' },
	'.cm-searchMatch-selected': { backgroundColor: 'var(--selected)', outline: '1px solid var(--accent)' },
	'.cm-panels': { backgroundColor: 'var(--surface)', color: 'var(--text)', font: '400 var(--body) var(--ui)' },
	'.cm-panels-top': { borderBlockEnd: '1px solid var(--border-subtle)' },
	'.find': { display: 'flex', alignItems: 'center', gap: '8px', blockSize: '36px', padding: '0 16px' },
	'.find input': {
		flex: '1',
		minInlineSize: '0',
		maxInlineSize: '320px',
		blockSize: '24px',
		padding: '0 8px',
		border: '1px solid var(--border-control)',
		borderRadius: 'var(--r-control)',
		backgroundColor: 'var(--sunken)',
		color: 'var(--text)',
		font: '400 var(--data) var(--mono)',
	},
	'.find input::placeholder': { color: 'var(--text-faint)', font: '400 var(--body) var(--ui)' },
	'.find span': { color: 'var(--text-muted)', font: '400 var(--meta) var(--ui)', fontVariantNumeric: 'tabular-nums' },
	'.find button': {
		minInlineSize: '24px',
		blockSize: '24px',
		padding: '0 8px',
		border: '1px solid transparent',
		borderRadius: 'var(--r-control)',
		backgroundColor: 'transparent',
		color: 'var(--text-muted)',
		font: '500 var(--meta) var(--ui)',
	},
	'.find button:hover': { backgroundColor: 'var(--hover)', color: 'var(--text)' },
	'.find button:last-child': { marginInlineStart: 'auto' },
	'.find :focus-visible': { outline: '2px solid var(--focus)', outlineOffset: '-1px' },
})

/** Strings their own colour, literals the accent, punctuation faint; keys are text. */
const colours = HighlightStyle.define([
	{ tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
	{ tag: [tags.propertyName, tags.attributeName], color: 'var(--text)' },
	{ tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], color: 'var(--accent)' },
	{ tag: [tags.punctuation, tags.separator, tags.bracket, tags.squareBracket, tags.brace], color: 'var(--text-faint)' },
	{ tag: tags.meta, color: 'var(--text-muted)' },
])

export const look: Extension = [view, syntaxHighlighting(colours)]
