// Colours live in design/tokens.css alone: no hex, rgb() or hsl() anywhere else.

import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'

const root = new URL('..', import.meta.url).pathname
const HEX = /#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b(?![\w-])/gi
const FUNCTION = /\b(?:rgba?|hsla?|oklch|oklab|lch|lab)\(/g

const files = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
	.filter((entry) => entry.isFile() && /\.(css|svelte|ts)$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
	.map((entry) => join(entry.parentPath, entry.name))
	.filter((file) => !file.endsWith('design/tokens.css') && !file.includes('lib/ipc/'))

const found = []
for (const file of files) {
	readFileSync(file, 'utf8')
		.split('\n')
		.forEach((line, index) => {
			// `#each`, `#if` and private members are no colours: they are followed by more letters or come after a dot or a brace
			const text = line.replace(/\{#\w+/g, '').replace(/\.#\w+/g, '').replace(/^\s*(?:async |readonly |get |set )*#\w+/, '')
			for (const match of [...text.matchAll(HEX), ...text.matchAll(FUNCTION)]) {
				found.push(`${relative(root, file)}:${index + 1}: ${match[0]} belongs into design/tokens.css`)
			}
		})
}

if (found.length > 0) {
	process.stderr.write(`${found.join('\n')}\n`)
	process.exit(1)
}
