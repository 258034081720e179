import { defineConfig } from 'oxlint';
import { layerRules } from './lint/layers.ts';

/** The sizes and habits that the linter watches over; which layer may import what is in lint/layers.ts. */
export default defineConfig({
  plugins: ['typescript', 'import', 'promise', 'node', 'unicorn', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
    'no-console': 'error',
    'unicorn/no-array-sort': 'off',
    'no-await-in-loop': 'off',
    'import/no-unassigned-import': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'import/no-named-as-default-member': 'off',
  },
  overrides: [
    ...layerRules,
    { files: ['src/commands/**', '*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['bench/**', 'test/**'],
      rules: {
        'no-console': 'off',
        'typescript/no-unsafe-type-assertion': 'off',
        'typescript/no-misused-spread': 'off',
        'vitest/require-to-throw-message': 'off',
      },
    },
  ],
  ignorePatterns: ['dist', 'node_modules'],
});
