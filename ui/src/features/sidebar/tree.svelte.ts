/** The tree of requests as rows: folders open and close, a filter shows what matches with the way to it. */

import type { FolderView } from '../../lib/ipc/generated/FolderView'
import type { RequestRow } from '../../lib/ipc/generated/RequestRow'

export interface FolderLine {
	kind: 'folder'
	key: string
	level: number
	name: string
	open: boolean
}

export interface RequestLine {
	kind: 'request'
	key: string
	level: number
	request: RequestRow
}

export type TreeLine = FolderLine | RequestLine

/** Letters typed within this time belong to one word. */
const TYPE_AHEAD_MS = 600

export class Tree {
	filter = $state('')
	/** The row the keyboard is on. */
	current = $state('')
	#closed = $state.raw<ReadonlySet<string>>(new Set())
	#typed = ''
	#typedAt = 0

	lines(root: FolderView): TreeLine[] {
		const wanted = this.filter.trim().toLowerCase()
		return this.#below(root, 1, wanted)
	}

	#below(folder: FolderView, level: number, wanted: string): TreeLine[] {
		const lines: TreeLine[] = []
		for (const inner of folder.folders) {
			const below = this.#below(inner, level + 1, inner.name.toLowerCase().includes(wanted) ? '' : wanted)
			if (wanted !== '' && below.length === 0) continue
			const open = wanted !== '' || !this.#closed.has(inner.path)
			lines.push({ kind: 'folder', key: `folder:${inner.path}`, level, name: inner.name, open }, ...(open ? below : []))
		}
		for (const request of folder.requests) {
			if (wanted === '' || matches(request, wanted)) lines.push({ kind: 'request', key: request.path, level, request })
		}
		return lines
	}

	set(key: string, open: boolean): void {
		const path = key.replace(/^folder:/, '')
		const next = new Set(this.#closed)
		if (open) next.delete(path)
		else next.add(path)
		this.#closed = next
	}

	/** Where a key leads among the rows; null: not a key of the tree. */
	key(event: KeyboardEvent, lines: readonly TreeLine[]): string | null {
		const at = Math.max(
			0,
			lines.findIndex((line) => line.key === this.current),
		)
		const line = lines[at]
		if (!line) return null
		switch (event.key) {
			case 'ArrowDown':
				return lines[Math.min(lines.length - 1, at + 1)]?.key ?? null
			case 'ArrowUp':
				return lines[Math.max(0, at - 1)]?.key ?? null
			case 'Home':
				return lines[0]?.key ?? null
			case 'End':
				return lines[lines.length - 1]?.key ?? null
			case 'ArrowRight':
				if (line.kind !== 'folder') return line.key
				if (line.open) return lines[at + 1]?.key ?? line.key
				this.set(line.key, true)
				return line.key
			case 'ArrowLeft':
				if (line.kind === 'folder' && line.open) {
					this.set(line.key, false)
					return line.key
				}
				return parent(lines, at)?.key ?? line.key
			default:
				return this.#typeAhead(event.key, lines, at)
		}
	}

	#typeAhead(letter: string, lines: readonly TreeLine[], at: number): string | null {
		if (letter.length !== 1 || letter === ' ' || letter === '/' || letter === '?') return null
		const now = performance.now()
		this.#typed = now - this.#typedAt > TYPE_AHEAD_MS ? letter : this.#typed + letter
		this.#typedAt = now
		const from = this.#typed.length === 1 ? at + 1 : at
		const round = [...lines.slice(from), ...lines.slice(0, from)]
		const name = (line: TreeLine) => (line.kind === 'folder' ? line.name : line.request.name).toLowerCase()
		return round.find((line) => name(line).startsWith(this.#typed.toLowerCase()))?.key ?? null
	}
}

function matches(request: RequestRow, wanted: string): boolean {
	return `${request.method} ${request.name} ${request.path}`.toLowerCase().includes(wanted)
}

function parent(lines: readonly TreeLine[], at: number): TreeLine | undefined {
	const level = lines[at]?.level ?? 1
	return lines.slice(0, at).findLast((line) => line.kind === 'folder' && line.level < level)
}
