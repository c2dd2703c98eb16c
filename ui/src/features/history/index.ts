export { default as ComparePane } from './ComparePane.svelte'
export { default as HistoryTable } from './HistoryTable.svelte'
export { clock, grouped, size } from './days'
export { History } from './history.svelte'
