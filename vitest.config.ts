import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/support/longest-first.ts'

// Hundreds of commands, edges and engines are started by tests, and load the same sources: each is compiled once, by its content.
if (!process.argv.includes('--coverage')) {
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '.cache', 'compiled')
}

export default defineConfig({
  // The window's state: modules with runes.
  plugins: [svelte({ configFile: false })],
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:interop`, with programs of the field as they are today.
    exclude: [...configDefaults.exclude, 'test/interop/**'],
    setupFiles: ['test/support/seed-properties.ts'],
    // Against tests that hang: a machine with other work takes several times as long as an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // `npm run test:coverage`. Code that only other processes run (Electron, edges, the command line) is not seen by it.
    coverage: {
      provider: 'v8',
      include: ['src-main/**/*.ts', 'src-renderer/**/*.ts'],
      exclude: ['src-main/kernels/assembly/**'],
      reporter: ['text-summary', 'html', 'json-summary'],
      reportsDirectory: 'coverage',
    },
  },
})
