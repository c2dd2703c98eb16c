/** The window's command table is the core's. */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Row {
	name: string
	arguments: Record<string, string>
	progress: string | null
	result: string
}

function core(): Row[] {
	const source = readFileSync('../src-tauri/crates/console/src/command.rs', 'utf8')
	return [...source.slice(source.indexOf('pub const COMMANDS')).matchAll(/command\(\s*"(\w+)",\s*&\[(.*?)\],\s*"([^"]*)",?\s*\)/gs)].map((match) => {
		const all = [...(match[2] ?? '').matchAll(/\("(\w+)",\s*"((?:[^"\\]|\\.)*)"\)/g)].map(([, name, type]) => [name, (type ?? '').replaceAll('\\"', "'")] as const)
		const progress = all.find(([, type]) => type.startsWith('Channel<'))
		return {
			name: match[1] ?? '',
			arguments: Object.fromEntries(all.filter((one) => one !== progress)),
			progress: progress ? progress[1].slice('Channel<'.length, -1) : null,
			result: match[3] ?? '',
		}
	})
}

function window(): Row[] {
	const source = readFileSync('src/lib/ipc/commands.ts', 'utf8')
	return [...source.slice(source.indexOf('export interface Commands')).matchAll(/^\t(\w+): (Call|Stream)<(object|\{.*?\}), (.*)>$/gm)].map((match) => {
		const rest = (match[4] ?? '').split(', ')
		const told = match[3] === 'object' ? [] : (match[3] ?? '').slice(2, -2).split('; ')
		return {
			name: match[1] ?? '',
			arguments: Object.fromEntries(told.map((one) => one.split(': ') as [string, string])),
			progress: match[2] === 'Stream' ? (rest[0] ?? '') : null,
			result: rest.at(-1) ?? '',
		}
	})
}

test('names, arguments, progress and results are equal', () => {
	expect(core().length).toBeGreaterThan(50)
	expect(window()).toEqual(core())
})
