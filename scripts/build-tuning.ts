/** Compiles src-main/core/tune/assembly and writes it as a TypeScript module. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const root = fileURLToPath(new URL('..', import.meta.url))
const output = new URL('../src-main/core/tune/wasm-bytes.ts', import.meta.url)

/** The module's text; the same on every machine. */
export async function compileTuning(): Promise<string> {
  const files = new Map<string, Uint8Array>()
  const readFile = (name: string, base: string): string | null => {
    const path = resolve(base, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : null
  }
  const { error, stderr } = await asc.main(
    [
      ...['src-main/core/tune/assembly/index.ts', '--baseDir', root, '--outFile', 'tuning.wasm', '-O3', '--noAssert'],
      ...['--runtime', 'stub', '--enable', 'simd', '--importMemory', '--initialMemory', '1'],
    ],
    { readFile, writeFile: (name, contents) => void files.set(name, contents as Uint8Array) },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  const base64 = Buffer.from(files.get('tuning.wasm')!).toString('base64')
  return `/** Made by \`npm run build:tuning\`; do not edit. */\nexport const tuningBase64 =\n  '${base64}'\n`
}

if (import.meta.main) writeFileSync(output, await compileTuning())
