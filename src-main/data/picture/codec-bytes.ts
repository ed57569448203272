import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'

/** A decoder's program: beside the bundled code in the edge artefact, compressed, as `file`, in its package otherwise. */
export function codecBytes(module: string, file: string): Uint8Array<ArrayBuffer> {
  const beside = fileURLToPath(new URL(`${file}.br`, import.meta.url))
  if (existsSync(beside)) return new Uint8Array(brotliDecompressSync(readFileSync(beside)))
  return new Uint8Array(readFileSync(fileURLToPath(import.meta.resolve(module))))
}
