/** Theme and density of the root element, from the preferences and, where they say so, the system. */

import type { Preferences } from '../lib/ipc/generated/Preferences'

const DARK = '(prefers-color-scheme: dark)'

/** Applies now and follows the system until the returned function is called. */
export function wear(preferences: Pick<Preferences, 'theme' | 'density'>): () => void {
	const root = document.documentElement
	const system = window.matchMedia(DARK)
	const apply = () => {
		root.dataset['theme'] = preferences.theme === 'system' ? (system.matches ? 'dark' : 'light') : preferences.theme
	}
	root.dataset['density'] = preferences.density
	apply()
	if (preferences.theme !== 'system') return () => undefined
	system.addEventListener('change', apply)
	return () => system.removeEventListener('change', apply)
}
