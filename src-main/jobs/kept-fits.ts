import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { WorkContext } from '../core/progress.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { hashOf } from './hash-of.ts'

interface Kept<T> {
  readonly fit: T
  readonly warnings: readonly string[]
}

/** Says that a fit was asked for which was not made before. */
export class NotKept extends Error {}

/**
 * The fit to exactly these things (network, samples, choices), from `folder` where it was made before. The folder holds
 * weights in the clear, as the network's own file does: it must be the owner's alone.
 */
export async function keptFit<T>(
  folder: string,
  things: unknown,
  make: (work: WorkContext) => Promise<T>,
  work: WorkContext,
): Promise<T> {
  const path = join(folder, `${hashOf(things)}.fit`)
  const kept = await readFile(path).then(readKept<T>, () => undefined)
  if (kept) {
    for (const message of kept.warnings) work.progress({ kind: 'warning', stage: 'approximate', message })
    return kept.fit
  }
  const warnings: string[] = []
  const fit = await make({
    ...work,
    progress: (event) => {
      if (event.kind === 'warning') warnings.push(event.message)
      work.progress(event)
    },
  })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const content = serialize({ fit, warnings } satisfies Kept<T>)
  await writeAtomically(path, { force: true, mode: 0o600 }, async (file) => {
    await file.writeFile(content)
  })
  return fit
}

function readKept<T>(bytes: Buffer): Kept<T> | undefined {
  try {
    return deserialize(bytes) as Kept<T>
  } catch {
    return undefined
  }
}
