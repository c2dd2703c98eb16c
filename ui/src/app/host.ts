/** The window as its pages see it. */

import type { Host } from '../views/host'
import type { Bench } from '../views/bench.svelte'
import type { Desk } from '../views/desk.svelte'
import { isMac, table } from './keymap'

export function hostOf(desk: Desk, bench: Bench): Host {
	return {
		// taken whole: through two generics the compiler sees no equality
		call: desk.ipc.call,
		stream: desk.ipc.stream,
		onchange: (changes, read) => desk.onchange(changes, read),
		environments: () => desk.workspace.value?.environments ?? [],
		requestName: (path) => desk.requestName(path),
		keys: () => table(isMac()),
		openExchange: (exchange) => void bench.openExchange(exchange),
		openPage: (page, view) => {
			if (page === 'token') {
				const credential = view.evidence.credential?.name
				if (credential !== undefined) desk.routes.go({ name: 'token', credential, view })
			} else desk.routes.go({ name: page, view })
		},
		openRequest: (path) => void bench.openRequest(path),
		openSettings: () => desk.routes.go({ name: 'settings' }),
		openZoo: () => desk.routes.go({ name: 'zoo' }),
		openWatch: () => desk.routes.go({ name: 'watch' }),
		openInspect: (target) => desk.routes.go({ name: 'inspect', target }),
		openCredential: (credential) => desk.routes.go({ name: 'credentials', credential }),
		openRecipes: () => desk.routes.go({ name: 'recipes' }),
		openToken: (credential) => desk.routes.go({ name: 'token', credential }),
		back: () => void desk.routes.back(),
	}
}
