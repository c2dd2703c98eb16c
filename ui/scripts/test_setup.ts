/** What jsdom lacks and the components ask for. */

import { cleanup } from '@testing-library/svelte'
import { afterEach } from 'vitest'

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
