/** What the sidebar lists besides requests. */

export interface CredentialEntry {
	name: string
	title: string
	/** `4:58`, `–`, `refused`. */
	life: string
}

export type Tool = 'gateway' | 'watch' | 'inspect' | 'history' | 'settings'
