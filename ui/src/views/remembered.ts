/** How this window was left: sizes and sides of its panes. Nothing of the workspace, and no loss when it is gone. */

export function remembered(name: string, otherwise: number): number
export function remembered(name: string, otherwise: boolean): boolean
export function remembered(name: string, otherwise: number | boolean): number | boolean {
	try {
		const value: unknown = JSON.parse(localStorage.getItem(`window.${name}`) ?? 'null')
		return typeof value === 'number' || typeof value === 'boolean' ? (typeof value === typeof otherwise ? value : otherwise) : otherwise
	} catch {
		return otherwise
	}
}

export function remember(name: string, value: number | boolean): void {
	try {
		localStorage.setItem(`window.${name}`, JSON.stringify(value))
	} catch {
		// a window without storage forgets, and works
	}
}
