import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A decoder's program: beside the bundled code in the edge artefact, as `file`, in its package otherwise. */
export function codecBytes(module: string, file: string): Uint8Array<ArrayBuffer> {
  const beside = fileURLToPath(new URL(file, import.meta.url))
  return new Uint8Array(readFileSync(existsSync(beside) ? beside : fileURLToPath(import.meta.resolve(module))))
}
