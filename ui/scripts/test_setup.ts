/** What jsdom lacks and the components ask for. */

import { cleanup, configure } from '@testing-library/svelte'
import { afterEach } from 'vitest'

// a busy machine is slow, not wrong
configure({ asyncUtilTimeout: 5000 })

afterEach(() => cleanup())

class Observer {
	observe(): void {}
	unobserve(): void {}
	disconnect(): void {}
}

globalThis.ResizeObserver ??= Observer as unknown as typeof ResizeObserver
globalThis.IntersectionObserver ??= Observer as unknown as typeof IntersectionObserver

if (typeof Element !== 'undefined') {
	Element.prototype.scrollIntoView ??= () => undefined
	Element.prototype.hasPointerCapture ??= () => false
	Element.prototype.setPointerCapture ??= () => undefined
	Element.prototype.releasePointerCapture ??= () => undefined
	Element.prototype.animate ??= () => ({ finished: Promise.resolve(), cancel: () => undefined }) as unknown as Animation
	// jsdom lays nothing out, and what has no box takes no focus for the focus trap
	Element.prototype.getClientRects = () => [new DOMRect(0, 0, 1, 1)] as unknown as DOMRectList
	Object.defineProperty(document, 'execCommand', { value: () => false, configurable: true })
	Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList
	Range.prototype.getBoundingClientRect ??= () => new DOMRect()
	window.matchMedia ??= (query) =>
		({
			matches: false,
			media: query,
			addEventListener: () => undefined,
			removeEventListener: () => undefined,
		}) as unknown as MediaQueryList
}
