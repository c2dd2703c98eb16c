// What must not be in a release: the fixture, scripts or styles in the page, addresses of other machines.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const dist = new URL('../dist', import.meta.url).pathname
const wrong = []

const page = readFileSync(join(dist, 'index.html'), 'utf8')
if (/<style|\sstyle=|<script(?![^>]*\ssrc=)/.test(page)) wrong.push('index.html holds a style or a script: the content security policy refuses them')
for (const entry of readdirSync(join(dist, 'assets'))) {
	if (/^fixture/.test(entry)) wrong.push(`${entry} is the fixture`)
	if (!/\.(js|css)$/.test(entry)) continue
	const text = readFileSync(join(dist, 'assets', entry), 'utf8')
	if (text.includes('pay_01J9Z4')) wrong.push(`${entry} holds evidence of the fixture`)
	if (entry.endsWith('.css') && /url\(["']?(?:data:|https?:)/.test(text)) wrong.push(`${entry} loads what the content security policy refuses`)
}

if (wrong.length > 0) {
	process.stderr.write(`${wrong.join('\n')}\n`)
	process.exit(1)
}
