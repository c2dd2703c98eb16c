/** How the panes stand: sidebar shown or not, inspector beside or below, the drawer of a narrow window. */

import { remember, remembered } from '../views/remembered'

const NARROW = '(max-width: 759.98px)'

export class Layout {
	sidebar = $state(remembered('sidebar', true))
	below = $state(remembered('below', false))
	/** In a narrow window the sidebar lies over the rest. */
	drawer = $state(false)

	toggleSidebar(): void {
		if (window.matchMedia(NARROW).matches) this.drawer = !this.drawer
		else {
			this.sidebar = !this.sidebar
			remember('sidebar', this.sidebar)
		}
	}

	toggleInspector(): void {
		this.below = !this.below
		remember('below', this.below)
	}

	/** Puts the keyboard into the next pane; each remembers nothing but its first stop. */
	nextPane(step: 1 | -1): void {
		const panes = [...document.querySelectorAll<HTMLElement>('[data-pane]')].filter((pane) => pane.offsetParent !== null)
		const at = panes.findIndex((pane) => pane.contains(document.activeElement))
		const next = panes[(at + step + panes.length) % panes.length]
		if (next) firstStop(next)?.focus()
	}
}

const STOPS = 'a[href], button, input, select, textarea, [contenteditable="true"], [tabindex]'

export function firstStop(pane: HTMLElement): HTMLElement | null {
	const stops = [...pane.querySelectorAll<HTMLElement>(STOPS)]
	return stops.find((one) => one.tabIndex >= 0 && one.offsetParent !== null && !one.hasAttribute('disabled')) ?? null
}
