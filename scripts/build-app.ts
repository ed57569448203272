/** Builds the desktop application into out/: main process, preload and page. The engine runs from src-main as it is. */
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { build } from 'vite'
import type { InlineConfig } from 'vite'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const out = join(root, 'out')
const sources = [
  'src-renderer',
  ...['app', 'core', 'files', 'ipc', 'preload'].map((folder) => `src-main/${folder}`),
  'scripts/build-app.ts',
]
const common: InlineConfig = { root, configFile: false, logLevel: 'error', publicDir: false }

/**
 * Does nothing where out/ was built from these very sources. Several processes may build at once: each builds apart and
 * moves the whole into place.
 */
export async function buildApp(): Promise<void> {
  const stamp = await stampOfSources()
  if ((await readFile(join(out, 'stamp'), 'utf8').catch(() => '')) === stamp) return
  await mkdir(join(root, '.cache'), { recursive: true })
  const fresh = await mkdtemp(join(root, '.cache', 'build-'))
  try {
    await Promise.all([buildPage(join(fresh, 'renderer')), buildShell(join(fresh, 'app'))])
    await writeFile(join(fresh, 'stamp'), stamp)
    await chmod(fresh, 0o755)
    await rename(out, join(fresh, 'previous')).catch(() => {})
    await rename(fresh, out).catch(() => {})
    await rm(join(out, 'previous'), { recursive: true, force: true })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

async function buildPage(outDir: string): Promise<void> {
  await build({
    ...common,
    root: join(root, 'src-renderer'),
    base: './',
    plugins: [svelte({ configFile: false })],
    build: { outDir, emptyOutDir: true, target: 'chrome130', modulePreload: false },
  })
}

async function buildShell(outDir: string): Promise<void> {
  const shell = (entry: string, file: string, format: 'es' | 'cjs'): InlineConfig => ({
    ...common,
    // Node's modules and Electron stay imports; everything else is put into the one file.
    ssr: { noExternal: true, external: ['electron'] },
    build: {
      ssr: join(root, 'src-main', entry),
      outDir,
      emptyOutDir: false,
      target: 'node20',
      rollupOptions: { external: ['electron'], output: { format, entryFileNames: file } },
    },
  })
  await build(shell('app/main.ts', 'main.js', 'es'))
  await build(shell('preload/main.ts', 'preload.cjs', 'cjs'))
}

async function stampOfSources(): Promise<string> {
  const hash = createHash('sha256')
  const add = async (path: string): Promise<void> => {
    const { mtimeMs, size } = await stat(path)
    hash.update(`${relative(root, path)} ${mtimeMs} ${size}\n`)
  }
  await add(join(root, 'package-lock.json'))
  for (const source of sources) {
    if (source.endsWith('.ts')) await add(join(root, source))
    else {
      const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true })
      for (const entry of entries) if (entry.isFile()) await add(join(entry.parentPath, entry.name))
    }
  }
  return hash.digest('hex')
}

if (import.meta.main) await buildApp()
