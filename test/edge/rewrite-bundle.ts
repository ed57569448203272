import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readDirectory } from '../../src-main/files/bundle-zip.ts'
import { writeBundleZip } from '../../src-main/files/write-bundle-zip.ts'

/** Copies a bundle with entries changed; the archive itself is sound, so that deeper checks are met. */
export async function rewriteBundle(
  from: string,
  to: string,
  change: (entries: Map<string, Uint8Array>) => unknown,
): Promise<void> {
  const entries = await entriesOf(from)
  change(entries)
  const file = await open(to, 'w+')
  await writeBundleZip(
    file,
    [...entries].map(([name, content]) => ({
      name,
      async *content() {
        yield content
      },
    })),
  )
  await file.close()
}

/** Unpacks a bundle as any ZIP tool does. */
export async function unpackBundle(from: string, folder: string): Promise<void> {
  for (const [name, content] of await entriesOf(from)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }
}

async function entriesOf(path: string): Promise<Map<string, Uint8Array>> {
  const bytes = await readFile(path)
  const source = await open(path)
  const extents = await readDirectory(source.fd)
  await source.close()
  return new Map([...extents].map(([name, { start, bytes: length }]) => [name, bytes.subarray(start, start + length)]))
}
