export { Palette, type Entry, type Group } from './palette.svelte'
