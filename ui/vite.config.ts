import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { lucideIcons } from './scripts/lucide_icons.ts'

/** The fixture host is in development, in tests and in builds of `--mode fixture`; a release never holds it. */
export default defineConfig(({ mode, command }) => ({
	plugins: [svelte(), lucideIcons()],
	define: {
		__FIXTURE__: JSON.stringify(command === 'serve' || mode === 'fixture'),
	},
	clearScreen: false,
	server: { port: 5173, strictPort: true },
	resolve: process.env['VITEST'] === undefined ? {} : { conditions: ['browser'] },
	build: {
		// the web view of the window: WebKitGTK 2.50 is Safari 26; WebView2 and WKWebView are as new
		target: ['safari18', 'chrome131'],
		// the content security policy knows no data: addresses
		assetsInlineLimit: 0,
		cssCodeSplit: false,
		modulePreload: { polyfill: false },
		chunkSizeWarningLimit: 1024,
		reportCompressedSize: false,
	},
	test: {
		environment: 'jsdom',
		include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
		setupFiles: ['scripts/test_setup.ts'],
		css: false,
		testTimeout: 20_000,
		restoreMocks: true,
	},
}))
