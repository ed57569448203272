/** Compiles src-main/kernels/assembly and writes it as a TypeScript module; docs/kernels.md says why. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'
import { KERNEL_KINDS, type KernelKind } from '../src-main/core/plan/evaluator-kinds.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = new URL('../src-main/kernels/wasm-bytes.ts', import.meta.url)

/** Level 3 makes the second kind smaller, and the first one slower on V8. */
const builds: Record<KernelKind, { readonly features: string; readonly level: string }> = {
  'relaxed-simd-f64': { features: 'simd,relaxed-simd,threads', level: '-O2' },
  'simd-f64': { features: 'simd,threads', level: '-O3' },
}

/** A module's bytes; the same on every machine. `edit` changes sources on their way in: tests make mutants so. */
export async function compileSources(kind: KernelKind, edit = (source: string): string => source): Promise<Uint8Array> {
  const files = new Map<string, Uint8Array>()
  const readFile = (name: string, base: string): string | null => {
    const path = resolve(base, name)
    return existsSync(path) ? edit(readFileSync(path, 'utf8')) : null
  }
  const { error, stderr } = await asc.main(
    [
      ...[
        'src-main/kernels/assembly/index.ts',
        '--baseDir',
        root,
        '--outFile',
        'kernels.wasm',
        builds[kind].level,
        '--noAssert',
      ],
      ...['--runtime', 'stub', '--stackSize', '0', '--enable', builds[kind].features],
      ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
    ],
    { readFile, writeFile: (name, contents) => void files.set(name, contents as Uint8Array) },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  return files.get('kernels.wasm')!
}

/** The file with all modules. */
export async function compileAll(): Promise<string> {
  const lines = ['/** Made by `npm run build:kernels`; do not edit. */', 'export const kernelsBase64 = {']
  for (const kind of KERNEL_KINDS) {
    lines.push(`  '${kind}':`, `    '${Buffer.from(await compileSources(kind)).toString('base64')}',`)
  }
  return [...lines, '}', ''].join('\n')
}

if (import.meta.main) writeFileSync(output, await compileAll())
