export { default as VaultAsk } from './VaultAsk.svelte'
