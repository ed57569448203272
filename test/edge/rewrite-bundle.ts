import { open, readFile } from 'node:fs/promises'
import { readDirectory } from '../../src-main/files/bundle-zip.ts'
import { writeBundleZip } from '../../src-main/files/write-bundle-zip.ts'

/** Copies a bundle with entries changed; the archive itself is sound, so that deeper checks are met. */
export async function rewriteBundle(
  from: string,
  to: string,
  change: (entries: Map<string, Uint8Array>) => unknown,
): Promise<void> {
  const bytes = await readFile(from)
  const source = await open(from)
  const extents = await readDirectory(source.fd)
  await source.close()
  const entries = new Map<string, Uint8Array>()
  for (const [name, extent] of extents) entries.set(name, bytes.subarray(extent.start, extent.start + extent.bytes))
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
