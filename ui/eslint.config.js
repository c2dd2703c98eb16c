import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

/** Three tiers, imports point down: components ← features ← views ← app. */
const TIERS = ['components', 'features', 'views', 'app']

const tauri = { group: ['@tauri-apps/*'], message: 'Only lib/ipc/tauri.ts talks to the host.' }
const fixture = { group: ['**/ipc/fixture/**', '**/ipc/fixture'], message: 'The fixture is for development and tests; lib/ipc chooses it.' }
const insideFeature = {
	regex: '^\\.\\./(?!\\.\\.|lib/|components)[a-z_]+/.+',
	message: 'Another feature is imported through its index.ts.',
}
const insideFeatureFromAbove = {
	regex: '/features/[a-z_]+/.+',
	message: 'A feature is imported through its index.ts.',
}

function above(tier) {
	return TIERS.slice(TIERS.indexOf(tier) + 1).map((name) => ({
		regex: `/${name}(/|$)`,
		message: `${tier} may not import from ${name}: imports point down.`,
	}))
}

function restrict(patterns) {
	return { 'no-restricted-imports': ['error', { patterns }] }
}

export default ts.config(
	{ ignores: ['dist/', 'dist-fixture/', 'node_modules/', 'src/lib/ipc/generated/'] },
	js.configs.recommended,
	...ts.configs.strictTypeChecked,
	...svelte.configs.recommended,
	{
		languageOptions: {
			globals: globals.browser,
			parserOptions: {
				projectService: { allowDefaultProject: ['*.js', 'scripts/*.mjs'] },
				tsconfigRootDir: import.meta.dirname,
				extraFileExtensions: ['.svelte'],
			},
		},
		rules: {
			'no-console': 'error',
			'no-eval': 'error',
			eqeqeq: 'error',
			'no-undef': 'off',
			'@typescript-eslint/consistent-type-imports': 'error',
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
			'@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false, arguments: false, properties: false } }],
			'@typescript-eslint/no-empty-function': 'off',
			// the compiler's `exactOptionalPropertyTypes` and an index signature make these two wrong at times
			'@typescript-eslint/no-unnecessary-condition': 'off',
			'@typescript-eslint/no-dynamic-delete': 'off',
			...restrict([tauri, fixture]),
		},
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
		rules: {
			'svelte/no-at-html-tags': 'error',
			'svelte/require-each-key': 'error',
			// the content security policy refuses style attributes; style directives go through CSSOM
			'no-restricted-syntax': ['error', { selector: 'SvelteAttribute[key.name="style"]', message: 'No style attribute: use a class or a style directive.' }],
			'svelte/no-inline-styles': 'off',
			'svelte/no-unused-svelte-ignore': 'off',
			'svelte/no-navigation-without-resolve': 'off',
			// truth lives in Rust; sets and maps here are replaced, not mutated
			'svelte/prefer-svelte-reactivity': 'off',
			'prefer-const': 'off',
			// types of components' generics are lost to the linter; svelte-check sees them
			'@typescript-eslint/no-unnecessary-type-assertion': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-return': 'off',
		},
	},
	{ files: ['src/components/**'], rules: restrict([tauri, fixture, ...above('components')]) },
	{ files: ['src/lib/**'], rules: restrict([tauri, ...TIERS.map((name) => ({ regex: `\\.\\./${name}(/|$)`, message: `lib may not import from ${name}.` }))]) },
	{ files: ['src/features/**'], rules: restrict([tauri, fixture, insideFeature, ...above('features')]) },
	{ files: ['src/views/**'], rules: restrict([tauri, fixture, insideFeatureFromAbove, ...above('views')]) },
	{ files: ['src/app/**', 'src/main.ts'], rules: restrict([tauri, fixture]) },
	// a host rejects with a problem, a plain object: so does the fixture
	{ files: ['src/lib/ipc/fixture/**'], rules: { '@typescript-eslint/only-throw-error': 'off' } },
	{ files: ['src/lib/ipc/tauri.ts'], rules: { 'no-restricted-imports': 'off' } },
	{
		files: ['**/*.test.ts', 'scripts/**'],
		rules: {
			...restrict([tauri]),
			'@typescript-eslint/no-non-null-assertion': 'off',
			'@typescript-eslint/unbound-method': 'off',
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-call': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
		},
	},
	{ files: ['**/*.js', '**/*.mjs'], ...ts.configs.disableTypeChecked, languageOptions: { globals: globals.node } },
)
