export { default as BreakStrip } from './BreakStrip.svelte'
export { default as Welcome } from './Welcome.svelte'
