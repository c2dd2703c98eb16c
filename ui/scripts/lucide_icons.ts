/** Turns `import { Check } from '@lucide/svelte'` into the import of that one icon: the set's index names thousands. */

import type { Plugin } from 'vite'

const IMPORT = /import\s*\{([^}]*)\}\s*from\s*['"]@lucide\/svelte['"];?/g

function file(name: string): string {
	return name
		.replace(/([a-z])([A-Z0-9])/g, '$1-$2')
		.replace(/([0-9])([A-Z])/g, '$1-$2')
		.toLowerCase()
}

export function lucideIcons(): Plugin {
	return {
		name: 'lucide-icons',
		enforce: 'post',
		transform(code, id) {
			if (id.includes('node_modules') || !code.includes('@lucide/svelte')) return null
			const changed = code.replace(IMPORT, (_, names: string) =>
				names
					.split(',')
					.map((part) => part.trim())
					.filter((part) => part !== '' && !part.startsWith('type '))
					.map((part) => {
						const [name = '', as = name] = part.split(/\s+as\s+/)
						return `import ${as} from '@lucide/svelte/icons/${file(name)}';`
					})
					.join(' '),
			)
			return changed === code ? null : { code: changed, map: null }
		},
	}
}
