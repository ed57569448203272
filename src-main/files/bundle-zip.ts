import { createHash } from 'node:crypto'
import { read } from 'node:fs'
import { promisify } from 'node:util'
import yauzl from 'yauzl'
import { UNLISTED_ENTRIES } from '../core/bundle/manifest.ts'
import { damagedBundle } from '../core/plan/damaged-bundle.ts'

/** Where the bytes of one entry lie. */
export interface Extent {
  /** Of the open file: the archive, or the entry itself in an unpacked bundle. */
  readonly fd: number
  readonly start: number
  readonly bytes: number
}

const readAt = promisify(read)
export const maxEntries = 8200
/** The archive's comment: the SHA-256 of `hashFrame`, in hexadecimal. */
export const FRAME_DIGEST_BYTES = 64

/**
 * The extents of a bundle's entries. Only stored, unencrypted entries with distinct names are accepted.
 * @throws UserError damaged-bundle
 */
export async function readDirectory(fd: number): Promise<Map<string, Extent>> {
  const extents = new Map<string, Extent>()
  try {
    const zip = await yauzl.fromFdPromise(fd, { autoClose: false, lazyEntries: true, strictFileNames: true })
    if (zip.entryCount > maxEntries) throw new Error('it has too many entries')
    for await (const entry of zip.eachEntry()) {
      if (entry.compressionMethod !== 0 || entry.isEncrypted()) throw new Error(`${entry.fileName} is not stored`)
      if (extents.has(entry.fileName)) throw new Error(`${entry.fileName} occurs twice`)
      const local = await zip.readLocalFileHeaderPromise(entry)
      if (!isAlike(entry, local) || !isPlainFile(entry)) throw new Error(`${entry.fileName} is said to be two things`)
      const { fileDataStart } = local
      extents.set(entry.fileName, { fd, start: fileDataStart, bytes: entry.compressedSize })
    }
  } catch (error) {
    throw damagedBundle((error as Error).message.replace(/\.$/, ''), error)
  }
  return extents
}

/**
 * Whether an entry's own header agrees with the directory: readers that stream believe the one, others the other.
 * Sizes and checksum may stand behind the data instead, or in a Zip64 field.
 */
function isAlike(entry: yauzl.Entry, local: yauzl.LocalFileHeader): boolean {
  const isDeferred = (local.generalPurposeBitFlag & 8) !== 0
  const agrees = (own: number, listed: number): boolean => own === listed || own === 0xffffffff || isDeferred
  return (
    local.fileName.equals(entry.fileNameRaw) &&
    local.compressionMethod === entry.compressionMethod &&
    local.generalPurposeBitFlag === entry.generalPurposeBitFlag &&
    agrees(local.crc32, entry.crc32) &&
    agrees(local.compressedSize, entry.compressedSize) &&
    agrees(local.uncompressedSize, entry.uncompressedSize)
  )
}

/** No link, folder or device to whatever unpacks it: APPNOTE 4.4.15, with Unix's mode in the upper half. */
function isPlainFile({ externalFileAttributes, fileName }: yauzl.Entry): boolean {
  const kind = (externalFileAttributes >>> 16) & 0o170000
  return (kind === 0 || kind === 0o100000) && (externalFileAttributes & 0x10) === 0 && !fileName.endsWith('/')
}

const PIECE_BYTES = 2 ** 22

/** Streams [start, start + bytes) to `each` in pieces. @throws UserError damaged-bundle where the file ends early */
async function readExtent(extent: Extent, each: (chunk: Uint8Array) => void): Promise<void> {
  const buffer = new Uint8Array(Math.min(extent.bytes, PIECE_BYTES))
  for await (const piece of readPieces(extent, () => buffer)) each(piece)
}

/** In pieces, each in a buffer of its own unless `room` gives one. @throws UserError damaged-bundle where the file ends early */
export async function* readPieces(
  { fd, start, bytes }: Extent,
  room = (length: number): Uint8Array => new Uint8Array(length),
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < bytes;) {
    const length = Math.min(PIECE_BYTES, bytes - done)
    const { bytesRead, buffer } = await readAt(fd, room(length), 0, length, start + done)
    if (bytesRead === 0) throw damagedBundle('it is truncated')
    yield buffer.subarray(0, bytesRead)
    done += bytesRead
  }
}

/** SHA-256 in lower-case hexadecimal. @throws UserError damaged-bundle if the file ends early */
export async function hashExtent(extent: Extent): Promise<string> {
  const hash = createHash('sha256')
  await readExtent(extent, (chunk) => hash.update(chunk))
  return hash.digest('hex')
}

/** Whether the content of an entry is left out of the frame digest, because a manifest has its hash. */
export type IsListed = (name: string) => boolean

export const isListedInManifest: IsListed = (name) => !UNLISTED_ENTRIES.includes(name)

/**
 * SHA-256 of the frame: everything but the listed entries and the digest itself. With the hashes of the manifest, a
 * flipped byte is found wherever it is.
 */
export async function hashFrame(
  fd: number,
  fileBytes: number,
  extents: ReadonlyMap<string, Extent>,
  isListed: IsListed = isListedInManifest,
): Promise<string> {
  const listed = [...extents].filter(([name]) => isListed(name)).map(([, extent]) => extent)
  const hash = createHash('sha256')
  let position = 0
  const skipTo = async (end: number): Promise<void> => {
    if (end < position) throw damagedBundle('its entries overlap')
    await readExtent({ fd, start: position, bytes: end - position }, (chunk) => hash.update(chunk))
  }
  for (const { start, bytes } of listed.sort((a, b) => a.start - b.start || a.bytes - b.bytes)) {
    await skipTo(start)
    position = start + bytes
  }
  await skipTo(fileBytes - FRAME_DIGEST_BYTES)
  return hash.digest('hex')
}

/** @throws UserError damaged-bundle unless the frame digest is right */
export async function checkFrame(
  fd: number,
  fileBytes: number,
  extents: ReadonlyMap<string, Extent>,
  isListed?: IsListed,
): Promise<void> {
  const start = Math.max(0, fileBytes - FRAME_DIGEST_BYTES)
  const comment = await readWhole({ fd, start, bytes: FRAME_DIGEST_BYTES })
  if ((await hashFrame(fd, fileBytes, extents, isListed)) !== new TextDecoder('latin1').decode(comment)) {
    throw damagedBundle('its archive structure has been changed')
  }
}

/** All bytes of an extent, in memory. @throws UserError damaged-bundle if the file ends early */
export async function readWhole(extent: Extent): Promise<Uint8Array> {
  const bytes = new Uint8Array(extent.bytes)
  let at = 0
  await readExtent(extent, (chunk) => {
    bytes.set(chunk, at)
    at += chunk.length
  })
  return bytes
}
