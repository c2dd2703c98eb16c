export { default as ResponsePane } from './ResponsePane.svelte'
export { hostOf } from './subject'
