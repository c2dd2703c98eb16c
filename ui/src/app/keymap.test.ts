import { describe, expect, test } from 'vitest'
import { KEYMAP, label, pressed } from './keymap'

function key(init: KeyboardEventInit, target?: HTMLElement): KeyboardEvent {
	const event = new KeyboardEvent('keydown', { bubbles: true, ...init })
	;(target ?? document.body).dispatchEvent(event)
	return event
}

describe('the keymap', () => {
	test('letters match by key and digits by position', () => {
		expect(pressed(key({ key: 'k', ctrlKey: true }), false)).toEqual({ id: 'palette' })
		expect(pressed(key({ key: '&', code: 'Digit1', ctrlKey: true }), false)).toEqual({ id: 'step', digit: 1 })
		expect(pressed(key({ key: 'k', ctrlKey: true }), true)).toBeNull()
		expect(pressed(key({ key: 'k', metaKey: true }), true)).toEqual({ id: 'palette' })
	})

	test('Shift tells renew from send', () => {
		expect(pressed(key({ key: 'r', ctrlKey: true }), false)?.id).toBe('send')
		expect(pressed(key({ key: 'R', ctrlKey: true, shiftKey: true }), false)?.id).toBe('renew_token')
	})

	test('a character is only a character while typing', () => {
		const field = document.createElement('input')
		document.body.append(field)
		expect(pressed(key({ key: '/' }, field), false)).toBeNull()
		expect(pressed(key({ key: '?', shiftKey: true }), false)?.id).toBe('shortcuts')
		field.remove()
	})

	test('no two shortcuts share a key', () => {
		const all = KEYMAP.flatMap(({ keys }) => keys)
		expect(new Set(all).size).toBe(all.length)
	})

	test('keys are printed as they are on the keyboard', () => {
		expect(label('Mod+Shift+R', false)).toBe('Ctrl+Shift+R')
		expect(label('Mod+Shift+R', true)).toBe('⌘⇧R')
		expect(label('Alt+ArrowUp', false)).toBe('Alt+↑')
	})
})
