/** `107 B`, `69.1 kB`, `2.1 MB`: powers of ten. */
export function size(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`
	for (const [unit, of] of [
		['kB', 1e3],
		['MB', 1e6],
	] as const) {
		if (bytes < of * 999.95) return `${(bytes / of).toFixed(1)} ${unit}`
	}
	return `${(bytes / 1e9).toFixed(1)} GB`
}
