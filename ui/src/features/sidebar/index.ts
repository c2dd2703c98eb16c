export { default as Sidebar } from './Sidebar.svelte'
export type { CredentialEntry, Tool } from './entries'
