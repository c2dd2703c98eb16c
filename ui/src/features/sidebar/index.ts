export { default as Sidebar } from './Sidebar.svelte'
export { isTool } from './entries'
export type { CredentialEntry, Tool } from './entries'
