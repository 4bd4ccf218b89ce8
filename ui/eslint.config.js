// What the window's sources may not do; above all, only one file knows that Tauri exists.
import js from '@eslint/js';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const oneDoor = 'Only src/backend/tauri.ts knows Tauri; everything else talks to a Backend.';

export default ts.config(
  { ignores: ['dist', 'dist-mock', 'planted', 'playwright-report', 'test-results', 'src/contract.ts'] },
  js.configs.recommended,
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser },
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tauri-apps/*'], message: oneDoor }] }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ImportExpression > Literal[value=/^@tauri-apps/]', message: oneDoor },
        { selector: 'Identifier[name=/^__TAURI/]', message: oneDoor },
        { selector: 'Literal[value=/__TAURI/]', message: oneDoor },
      ],
      'svelte/no-at-html-tags': 'error',
      'svelte/no-inline-styles': 'error',
      'no-eval': 'error',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    files: ['src/backend/tauri.ts'],
    rules: { 'no-restricted-imports': 'off', 'no-restricted-syntax': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], ...ts.configs.disableTypeChecked },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: { ...globals.node } } },
  // This file names what it forbids.
  { files: ['eslint.config.js'], rules: { 'no-restricted-syntax': 'off' } },
);
