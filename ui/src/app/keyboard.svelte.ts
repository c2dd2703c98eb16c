/** What each shortcut does. The table of keys is keymap.ts; here it meets the window. */

import { STEPS } from '../features/ladder'
import type { Step } from '../lib/ipc/generated/Step'
import type { Acts } from '../views/acts.svelte'
import type { Bench } from '../views/bench.svelte'
import type { Desk } from '../views/desk.svelte'
import { isMac, pressed, type KeyId } from './keymap'
import type { Layout } from './layout.svelte'

export interface Overlays {
	palette: () => void
	goTo: () => void
	shortcuts: () => void
}

export class Keyboard {
	readonly #desk: Desk
	readonly #bench: Bench
	readonly #acts: Acts
	readonly #layout: Layout
	readonly #overlays: Overlays
	readonly #mac = isMac()

	constructor(desk: Desk, bench: Bench, acts: Acts, layout: Layout, overlays: Overlays) {
		this.#desk = desk
		this.#bench = bench
		this.#acts = acts
		this.#layout = layout
		this.#overlays = overlays
	}

	/** Listens to the whole window, before what is in it; meant for an `$effect`. */
	listen(): () => void {
		const keydown = (event: KeyboardEvent) => this.#keydown(event)
		window.addEventListener('keydown', keydown, { capture: true })
		return () => window.removeEventListener('keydown', keydown, { capture: true })
	}

	#keydown(event: KeyboardEvent): void {
		const press = pressed(event, this.#mac)
		if (!press) return
		// a dialog keeps its keys; the web view's own reload stays off even then
		const open = document.querySelector('[role="dialog"], [role="alertdialog"], dialog[open], [role="menu"]') !== null
		const reload = event.key === 'F5' || event.key.toLowerCase() === 'r'
		if (open ? reload : this.perform(press.id, press.digit)) {
			event.preventDefault()
			event.stopPropagation()
		}
	}

	/** Whether there was something to do. */
	perform(id: KeyId, digit?: number): boolean {
		const { routes } = this.#desk
		const bench = this.#bench
		switch (id) {
			case 'send':
				if (routes.current.name === 'first_run') void this.#acts.firstRun()
				else void bench.send()
				return true
			case 'cancel':
				if (!bench.running) return false
				void bench.cancel()
				return true
			case 'url':
				routes.go({ name: 'workbench' })
				soon('[data-url]', (field) => field instanceof HTMLInputElement && field.select())
				return true
			case 'renew_token':
				void this.#acts.renewToken()
				return true
			case 'environment':
				soon('[data-environment]')
				return true
			case 'new_request':
				bench.newRequest()
				soon('[data-url]')
				return true
			case 'save_request':
				void bench.save()
				return true
			case 'find':
				return find()
			case 'copy_curl':
				void this.#acts.copyCurl().catch(() => undefined)
				return true
			case 'save_evidence':
				void this.#acts.saveEvidence('json')
				return true
			case 'inspect':
				routes.go({ name: 'inspect' })
				return true
			case 'gateway':
				void this.#acts.toggleGateway()
				return true
			case 'palette':
				this.#overlays.palette()
				return true
			case 'go_to':
				this.#overlays.goTo()
				return true
			case 'step':
				return this.#step(STEPS[(digit ?? 0) - 1])
			case 'next_finding':
				return this.#finding(1)
			case 'previous_finding':
				return this.#finding(-1)
			case 'next_pane':
				this.#layout.nextPane(1)
				return true
			case 'previous_pane':
				this.#layout.nextPane(-1)
				return true
			case 'back':
				return routes.back()
			case 'filter':
				return filter()
			case 'sidebar':
				this.#layout.toggleSidebar()
				return true
			case 'inspector':
				this.#layout.toggleInspector()
				return true
			case 'settings':
				routes.go({ name: 'settings' })
				return true
			case 'shortcuts':
				this.#overlays.shortcuts()
				return true
			case 'older':
			case 'newer': {
				const exchange = bench.neighbour(id)
				if (exchange !== undefined) void bench.openExchange(exchange)
				return exchange !== undefined
			}
		}
	}

	#step(step: Step | undefined): boolean {
		if (step === undefined) return false
		this.#desk.routes.go({ name: 'workbench' })
		this.#bench.rows.set(step, true, false)
		soon(`[data-ladder] button[data-step="${step}"]`)
		return true
	}

	#finding(direction: 1 | -1): boolean {
		const rows = this.#bench.ladder?.rows ?? []
		const notable = rows.filter((row) => row.state === 'cause' || row.state === 'findings' || row.state === 'needs_you').map((row) => row.step)
		if (notable.length === 0) return false
		const at = notable.indexOf(this.#bench.rows.current)
		const next = at === -1 ? (direction === 1 ? 0 : notable.length - 1) : (at + direction + notable.length) % notable.length
		return this.#step(notable[next])
	}
}

/** Focuses once what was asked for is drawn. */
function soon(selector: string, then?: (element: HTMLElement) => void): void {
	requestAnimationFrame(() => {
		const element = document.querySelector<HTMLElement>(selector)
		element?.focus()
		if (element) then?.(element)
	})
}

/** In an editor its own search opens; elsewhere the response's. */
function find(): boolean {
	if (document.activeElement?.shadowRoot) return false
	const button = document.querySelector<HTMLElement>('[data-find]')
	button?.click()
	return button !== null
}

/** The list of the pane in focus, else of the page, else of the sidebar. */
function filter(): boolean {
	const pane = document.activeElement?.closest('[data-pane]')
	const fields = [...document.querySelectorAll<HTMLElement>('[data-list-filter]')].filter((field) => field.offsetParent !== null)
	const field = fields.find((one) => pane?.contains(one)) ?? fields.at(-1)
	field?.focus()
	return field !== undefined
}
