/** Where the window is: the workbench or a page over it, and the way back. */

import type { ExchangeView } from '../lib/ipc/generated/ExchangeView'

export type Route =
	| { name: 'workbench' }
	| { name: 'first_run' }
	| { name: 'handshake'; view: ExchangeView }
	| { name: 'chain'; view: ExchangeView }
	| { name: 'signature'; view: ExchangeView }
	| { name: 'token'; credential: string; view?: ExchangeView }
	| { name: 'tokens' }
	| { name: 'recipes' }
	| { name: 'credentials'; credential?: string; adding?: boolean; importing?: boolean }
	| { name: 'gateway' }
	| { name: 'zoo' }
	| { name: 'watch' }
	| { name: 'inspect'; target?: string }
	| { name: 'history'; compare?: readonly string[] }
	| { name: 'settings' }

export type RouteName = Route['name']

/** Steps back that are remembered. */
const DEPTH = 20

export class Routes {
	current = $state.raw<Route>({ name: 'workbench' })
	/** Counts arrivals, so that a page opened anew starts anew. */
	visit = $state(0)
	#behind: Route[] = []

	go(route: Route): void {
		if (route.name !== 'workbench') this.#behind = [...this.#behind.slice(-DEPTH + 1), this.current]
		if (route.name === 'workbench') this.#behind = []
		this.current = route
		this.visit += 1
	}

	/** From a page to where it was opened; from the workbench nowhere. */
	back(): boolean {
		if (this.current.name === 'workbench' || this.current.name === 'first_run') return false
		this.current = this.#behind.at(-1) ?? { name: 'workbench' }
		this.#behind = this.#behind.slice(0, -1)
		this.visit += 1
		return true
	}
}
