/** Builds the desktop application into out/: main process, preload and page. The engine runs from src-main as it is. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build } from 'vite'
import type { InlineConfig } from 'vite'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const common: InlineConfig = { root, configFile: false, logLevel: 'warn', publicDir: false }

export async function buildApp(): Promise<void> {
  await rm(join(root, 'out'), { recursive: true, force: true })
  await Promise.all([buildPage(), buildShell()])
}

async function buildPage(): Promise<void> {
  await build({
    ...common,
    root: join(root, 'src-renderer'),
    base: './',
    plugins: [svelte({ configFile: false })],
    build: { outDir: join(root, 'out', 'renderer'), emptyOutDir: true, target: 'chrome130', modulePreload: false },
  })
}

async function buildShell(): Promise<void> {
  const shell = (entry: string, file: string, format: 'es' | 'cjs'): InlineConfig => ({
    ...common,
    // Node's modules and Electron stay imports; everything else is put into the one file.
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: join(root, 'src-main', entry),
      outDir: join(root, 'out', 'app'),
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { external: ['electron'], output: { format, entryFileNames: file } },
    },
  })
  await build(shell('app/main.ts', 'main.js', 'es'))
  await build(shell('preload/main.ts', 'preload.cjs', 'cjs'))
}

if (import.meta.main) await buildApp()
