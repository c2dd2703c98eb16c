/** The window's entry: connect, mount, and say when the first page is painted. */

import './design/index.css'
import { mount } from 'svelte'
import App from './app/App.svelte'
import { connect } from './lib/ipc'
import { Desk } from './views/desk.svelte'

/** A window that is not shown yet may paint no frame; then this is long enough. */
const FRAME_MS = 120

async function start(): Promise<void> {
	const target = document.getElementById('app')
	if (!target) return
	const transport = await connect()
	const desk = new Desk(transport)
	mount(App, { target, props: { desk, onready: () => void ready().then(() => transport.call('window_ready', {})) } })
}

function ready(): Promise<void> {
	return new Promise((resolve) => {
		setTimeout(resolve, FRAME_MS)
		requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
	})
}

void start()
