import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A decoder's program: beside the bundled code in the edge artefact, in its package otherwise. */
export function codecBytes(module: string): Uint8Array<ArrayBuffer> {
  const beside = fileURLToPath(new URL(basename(module), import.meta.url))
  return new Uint8Array(readFileSync(existsSync(beside) ? beside : fileURLToPath(import.meta.resolve(module))))
}
