export { default as ScanPanel } from './ScanPanel.svelte'
