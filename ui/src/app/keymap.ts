/** Every shortcut, once: handlers, tooltips, palette, help and Settings read this table. Mod is Ctrl, ⌘ on macOS. */

export interface Shortcut {
	id: KeyId
	/** The first is the one that is shown beside a name. */
	keys: readonly string[]
	does: string
	/** Where typing goes on, the key is a letter like any other. */
	notWhileTyping?: boolean
}

export type KeyId =
	| 'send'
	| 'cancel'
	| 'url'
	| 'renew_token'
	| 'environment'
	| 'new_request'
	| 'save_request'
	| 'find'
	| 'copy_curl'
	| 'save_evidence'
	| 'inspect'
	| 'gateway'
	| 'palette'
	| 'go_to'
	| 'step'
	| 'next_finding'
	| 'previous_finding'
	| 'next_pane'
	| 'previous_pane'
	| 'back'
	| 'filter'
	| 'sidebar'
	| 'inspector'
	| 'settings'
	| 'shortcuts'
	| 'older'
	| 'newer'

export const KEYMAP: readonly Shortcut[] = [
	{ id: 'send', keys: ['Mod+Enter', 'Mod+R', 'F5'], does: 'Send' },
	{ id: 'cancel', keys: ['Mod+.', 'Escape'], does: 'Cancel while sending' },
	{ id: 'url', keys: ['Mod+L'], does: 'Focus the URL' },
	{ id: 'renew_token', keys: ['Mod+Shift+R'], does: 'Renew token' },
	{ id: 'environment', keys: ['Mod+E'], does: 'Choose environment' },
	{ id: 'new_request', keys: ['Mod+N'], does: 'New request' },
	{ id: 'save_request', keys: ['Mod+S'], does: 'Save request' },
	{ id: 'find', keys: ['Mod+F'], does: 'Find in the focused pane' },
	{ id: 'copy_curl', keys: ['Mod+Shift+C'], does: 'Copy as curl, secrets by reference' },
	{ id: 'save_evidence', keys: ['Mod+Shift+S'], does: 'Save evidence' },
	{ id: 'inspect', keys: ['Mod+I'], does: 'Inspect a server' },
	{ id: 'gateway', keys: ['Mod+Shift+G'], does: 'Local gateway on or off' },
	{ id: 'palette', keys: ['Mod+K'], does: 'Command palette' },
	{ id: 'go_to', keys: ['Mod+P'], does: 'Go to request, credential, exchange' },
	{ id: 'step', keys: ['Mod+1…7'], does: 'Open ladder step' },
	{ id: 'next_finding', keys: ['F8'], does: 'Next finding' },
	{ id: 'previous_finding', keys: ['Shift+F8'], does: 'Previous finding' },
	{ id: 'next_pane', keys: ['F6'], does: 'Next pane' },
	{ id: 'previous_pane', keys: ['Shift+F6'], does: 'Previous pane' },
	{ id: 'back', keys: ['Alt+ArrowLeft'], does: 'Back from a page' },
	{ id: 'older', keys: ['Alt+ArrowUp'], does: 'Older exchange', notWhileTyping: true },
	{ id: 'newer', keys: ['Alt+ArrowDown'], does: 'Newer exchange', notWhileTyping: true },
	{ id: 'filter', keys: ['/'], does: 'Filter the focused list', notWhileTyping: true },
	{ id: 'sidebar', keys: ['Mod+B'], does: 'Sidebar' },
	{ id: 'inspector', keys: ['Mod+\\'], does: 'Inspector beside or below' },
	{ id: 'settings', keys: ['Mod+,'], does: 'Settings' },
	{ id: 'shortcuts', keys: ['?'], does: 'Shortcuts', notWhileTyping: true },
]

export interface Pressed {
	id: KeyId
	/** For the keys of the ladder: 1 to 7. */
	digit?: number
}

/** What a key press means; null: nothing of ours. */
export function pressed(event: KeyboardEvent, mac: boolean): Pressed | null {
	if (event.isComposing) return null
	// an editor lives in a shadow root: outside it the event seems to come from its host
	const typing = isTyping(event.composedPath()[0] ?? event.target)
	for (const shortcut of KEYMAP) {
		if (shortcut.notWhileTyping && typing) continue
		for (const keys of shortcut.keys) {
			if (keys === 'Mod+1…7') {
				const digit = /^Digit([1-7])$/.exec(event.code)?.[1]
				if (digit !== undefined && mod(event, mac) && !event.shiftKey && !event.altKey) return { id: shortcut.id, digit: Number(digit) }
			} else if (matches(event, keys, mac)) return { id: shortcut.id }
		}
	}
	return null
}

function matches(event: KeyboardEvent, keys: string, mac: boolean): boolean {
	const parts = keys.split('+')
	const key = parts[parts.length - 1] ?? ''
	const wants = (modifier: string) => parts.slice(0, -1).includes(modifier)
	if (wants('Mod') !== mod(event, mac) || wants('Alt') !== event.altKey) return false
	// `?` is Shift and another key on most layouts; the character is what counts
	const character = key.length === 1 && !/[a-z]/i.test(key)
	if (!character && wants('Shift') !== event.shiftKey) return false
	return event.key.toLowerCase() === key.toLowerCase()
}

function mod(event: KeyboardEvent, mac: boolean): boolean {
	return mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey
}

function isTyping(target: EventTarget | null): boolean {
	if (!(target instanceof HTMLElement)) return false
	if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true
	return target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'submit'].includes(target.type)
}

const NAMES: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc' }

/** The keys one by one, as they are printed: `['Ctrl', 'Shift', 'R']`. */
export function parts(keys: string, mac: boolean): string[] {
	return keys.split('+').map((part) => {
		if (part === 'Mod') return mac ? '⌘' : 'Ctrl'
		if (part === 'Shift' && mac) return '⇧'
		if (part === 'Alt' && mac) return '⌥'
		return NAMES[part] ?? part
	})
}

/** `Ctrl+Shift+R`. */
export function label(keys: string, mac: boolean): string {
	return parts(keys, mac).join(mac ? '' : '+')
}

/** The shortcut shown beside a name. */
export function shown(id: KeyId, mac: boolean): string[] {
	const shortcut = KEYMAP.find((candidate) => candidate.id === id)
	return shortcut?.keys[0] === undefined ? [] : parts(shortcut.keys[0], mac)
}

/** The whole table in words, for help and Settings. */
export function table(mac: boolean): { keys: string; does: string }[] {
	return KEYMAP.map(({ keys, does }) => ({ keys: keys.map((one) => label(one, mac)).join(', '), does }))
}

export function isMac(): boolean {
	return /Mac|iPhone|iPad/.test(navigator.userAgent)
}
