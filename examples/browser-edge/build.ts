/** Builds the page: the edge's own code, with three small files in place of what it takes of Node. */
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

const here = import.meta.dirname
const node = join(here, 'without-node', 'node.ts')
const sha256 = join(here, 'without-node', 'sha256.ts')

const alias = [
  { find: /^node:(crypto|timers\/promises|worker_threads)$/, replacement: node },
  { find: /^\.\.\/files\/sha256\.ts$/, replacement: sha256 },
]

export async function buildPage(outDir = join(here, '..', '..', 'dist', 'browser-edge')): Promise<string> {
  await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    base: './',
    publicDir: false,
    resolve: { alias },
    worker: { format: 'es', plugins: (): Plugin[] => [] },
    build: { outDir, emptyOutDir: true, target: 'es2023' },
  })
  return outDir
}
