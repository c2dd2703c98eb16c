import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

/** @type {import('@sveltejs/vite-plugin-svelte').SvelteConfig} */
export default {
	preprocess: vitePreprocess({ script: false }),
	compilerOptions: {
		runes: true,
	},
	vitePlugin: {
		// dependencies with their own `.svelte` files may be written before runes
		dynamicCompileOptions: ({ filename }) => (filename.includes('node_modules') ? { runes: undefined } : undefined),
	},
}
