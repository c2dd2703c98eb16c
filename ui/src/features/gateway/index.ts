export { default as FaultRow } from './FaultRow.svelte'
export { default as SeenTable } from './SeenTable.svelte'
export { LIFETIMES, activeFaults, lifetime, summary } from './words'
