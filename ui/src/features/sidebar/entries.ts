/** What the sidebar lists besides requests. */

export interface CredentialEntry {
	name: string
	title: string
	/** `4:58`, `–`, `refused`. */
	life: string
}

const TOOLS = ['gateway', 'tokens', 'watch', 'inspect', 'history', 'settings'] as const

export type Tool = (typeof TOOLS)[number]

export function isTool(name: string): name is Tool {
	return (TOOLS as readonly string[]).includes(name)
}
