/** Names of keys as this system writes them. */

const MAC: Record<string, string> = { Mod: '⌘', Shift: '⇧', Alt: '⌥', Ctrl: '⌃', Enter: '↩' }

function isMac(): boolean {
	return typeof navigator !== 'undefined' && /mac/i.test(navigator.platform)
}

/** `['Mod', 'Shift', 'R']` → `['Ctrl', 'Shift', 'R']`, or with the signs of a Mac. */
export function keyNames(keys: readonly string[], mac: boolean = isMac()): string[] {
	return keys.map((key) => (mac ? (MAC[key] ?? key) : key === 'Mod' ? 'Ctrl' : key))
}
