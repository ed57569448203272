import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import yazl from 'yazl'
import type { ManifestEntry } from '../core/bundle/manifest.ts'
import { FRAME_DIGEST_BYTES, hashFrame, isListedInManifest, readDirectory, type IsListed } from './bundle-zip.ts'

/** One entry, produced piece by piece when its turn comes. */
export interface EntrySource {
  readonly name: string
  content(written: readonly ManifestEntry[]): AsyncIterable<Uint8Array>
}

/** An entry of one piece. `content` may look at the sizes and hashes of the entries before it. */
export function entryOf(name: string, content: (written: readonly ManifestEntry[]) => Uint8Array): EntrySource {
  return {
    name,
    async *content(written) {
      yield content(written)
    },
  }
}

/** Entries carry no time of their own: equal content gives equal bytes. */
const options = { compress: false, mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true }

/**
 * Writes stored entries in order, as a stream, and the frame digest as the archive's comment. Each source may
 * look at the sizes and hashes of the entries before it. Returns all of them.
 */
export async function writeBundleZip(
  file: FileHandle,
  sources: Iterable<EntrySource>,
  isListed: IsListed = isListedInManifest,
): Promise<ManifestEntry[]> {
  const written: ManifestEntry[] = []
  const zip = new yazl.ZipFile()
  const output = zip.outputStream as Readable
  zip.on('error', (error) => output.destroy(error as Error))
  for (const source of sources) {
    zip.addReadStreamLazy(source.name, options, (ready) => {
      const stream = Readable.from(measured(source, written), { highWaterMark: 1 })
      stream.on('error', (error) => output.destroy(error))
      ready(null, stream)
    })
  }
  zip.end({ comment: '0'.repeat(FRAME_DIGEST_BYTES), forceZip64Format: false })
  await pipeline(output, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) await writeAll(file, chunk)
  })
  await sealFrame(file, isListed)
  return written
}

async function* measured(source: EntrySource, written: ManifestEntry[]): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of source.content(written)) {
    hash.update(chunk)
    bytes += chunk.length
    yield chunk
  }
  written.push({ name: source.name, bytes, sha256: hash.digest('hex') })
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten
}

async function sealFrame(file: FileHandle, isListed: IsListed): Promise<void> {
  const { size } = await file.stat()
  const digest = await hashFrame(file.fd, size, await readDirectory(file.fd), isListed)
  await file.write(digest, size - FRAME_DIGEST_BYTES, 'latin1')
}
