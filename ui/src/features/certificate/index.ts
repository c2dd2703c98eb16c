export { default as ChainPanel } from './ChainPanel.svelte'
export { default as FetchedPanel } from './FetchedPanel.svelte'
export { pem, pins, shortName, storeName, verdictSentence } from './words'
export { clock, date } from './axis'
