/** What parts ask of the window around them: leave for an address, go to a step. */

import { getContext, setContext } from 'svelte'
import type { Step } from '../lib/ipc/generated/Step'

export interface Frame {
	openUrl: (url: string) => void
	openStep: (step: Step) => void
}

const KEY = Symbol('frame')

export function provideFrame(frame: Frame): void {
	setContext(KEY, frame)
}

/** The frame, or nothing where a part stands alone. */
export function frame(): Frame | undefined {
	return getContext<Frame | undefined>(KEY)
}
