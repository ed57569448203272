import tseslint from 'typescript-eslint'
import svelte from 'eslint-plugin-svelte'

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'out/',
      'node_modules/',
      '.cache/',
      'src-main/kernels/assembly/',
      'src-main/core/tune/assembly/',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['src-main/**/*.ts'],
    ignores: ['**/*.d.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true, allowArray: true },
      ],
      // An interface may ask for a promise where one of its classes has nothing to await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Elements of arrays and records are typed as present (noUncheckedIndexedAccess is off), so it would flag real checks.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A type parameter names what a message carries, once in the signature and again in the body.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Declarations of libraries that say “ReadableStream” where they give a Node stream.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400 }],
      eqeqeq: 'error',
      // One style of privacy, which holds at run time too; only constructors have no other.
      'no-restricted-syntax': [
        'error',
        {
          selector: ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"])[accessibility="private"]',
          message: 'Begin the name with # instead.',
        },
      ],
    },
  },
  // A test may assert that something is there: it fails if it is not.
  { files: ['test/**'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
)
