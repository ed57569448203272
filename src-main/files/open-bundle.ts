import { createHash } from 'node:crypto'
import { readSync } from 'node:fs'
import {
  decodeManifest,
  keyEntriesOf,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  SIGNER_ENTRY,
  UNLISTED_ENTRIES,
  type Manifest,
  type ManifestEntry,
  type ManifestSegment,
} from '../core/bundle/manifest.ts'
import { damagedBundle } from '../core/plan/damaged-bundle.ts'
import { checkKeys, checkKeySizes } from '../core/bundle/check-keys.ts'
import type { CutKind } from '../core/segment/cut.ts'
import { decodePlan } from '../core/bundle/plan-json.ts'
import { decodeWeightIndex } from '../core/bundle/weight-index.ts'
import type { NamedDigest } from '../core/bundle/statement.ts'
import { UserError } from '../core/errors.ts'
import { must, present } from '../core/must.ts'
import { printableName } from '../core/printable.ts'
import { weightEntries, type Plan, type WeightEntry, type WeightIndex, type WeightSource } from '../core/plan/plan.ts'
import { fileProblem } from './read-file.ts'
import { sha256 } from './sha256.ts'
import { openBundleFiles, type BundleFiles } from './bundle-files.ts'
import { hashExtent, readPieces, readWhole, type Extent } from './bundle-zip.ts'
import { checkStatement, fingerprintOf, readPublicKey, verifyStatement } from './signature.ts'
import type { EvaluationKeyBytes, LoadWeight } from '../core/bundle/material.ts'

/** No single entry but the weights is read whole beyond this. */
const maxWholeBytes = 2 ** 30
const maxSignatureBytes = 2 ** 20

/** Whose bundles are accepted. */
export interface Trust {
  /** PEM of the owner's public signing key; without it, the key in the bundle only proves that nothing was changed since. */
  readonly publicKey?: string
  /** A detached signature in place of the one inside. */
  readonly signature?: Uint8Array
  /** Accept bundles without a valid signature. */
  readonly allowUnsigned?: boolean
}

export interface BundleSigner {
  /** SHA-256 of the public key's PEM form. */
  readonly fingerprint: string
  /** True where the key was given by the caller, not only by the bundle. */
  readonly pinned: boolean
}

/** The weight ciphertexts of a segment. Reading throws UserError 'damaged-bundle'. */
export interface StoredWeights {
  readonly largestBytes: number
  /** In the order of the blob. */
  readonly entries: readonly WeightEntry[]
  /** Of a weight that is not expanded. */
  readonly load: LoadWeight
  readonly loadExpansion: (expansion: number) => Uint8Array
  /** Writes one to the beginning of `room` and returns its length. */
  readonly readInto: (source: WeightSource, room: Uint8Array) => number
}

/** An opened bundle. Bytes are returned only after their SHA-256 has been compared with the manifest's. */
export class Bundle {
  readonly path: string
  readonly manifest: Manifest
  /** SHA-256 of the manifest: the bundle's identity. */
  readonly sha256: string
  /** Undefined where no signature was asked for. */
  readonly signer: BundleSigner | undefined
  /** SHA-256 of the PEM form of the key in the bundle, the owner's; another signature of the bundle changes nothing in it. */
  readonly ownerKey: string | undefined
  readonly #files: BundleFiles

  private constructor(
    path: string,
    files: BundleFiles,
    manifest: Manifest,
    sha256: string,
    signed?: { readonly signer: BundleSigner | undefined; readonly ownerKey: string | undefined },
  ) {
    this.path = path
    this.#files = files
    this.manifest = manifest
    this.sha256 = sha256
    this.signer = signed?.signer
    this.ownerKey = signed?.ownerKey
  }

  /** Of the archive, or of all files of the folder. */
  get bytes(): number {
    return this.#files.bytes
  }

  /**
   * Opens a bundle, an archive or the folder that it was unpacked to, and verifies every byte of it.
   * @throws UserError damaged-bundle, unsupported-bundle-version, unsigned-bundle, wrong-signer, bad-signature, update-pack,
   *   file-not-found, file-not-readable
   */
  static async open(path: string, trust: Trust = {}): Promise<Bundle> {
    return await Bundle.#openVerified(path, trust, false)
  }

  /**
   * The same for an update pack too, whose keys are in the bundle before it: `missing` names them.
   * @throws UserError as `open` does
   */
  static async openAny(path: string, trust: Trust = {}): Promise<Bundle> {
    return await Bundle.#openVerified(path, trust, true)
  }

  static async #openVerified(path: string, trust: Trust, packs: boolean): Promise<Bundle> {
    const files = await filesAt(path)
    try {
      const bundle = await readBundle(files, trust, packs)
      return new Bundle(path, files, bundle.manifest, bundle.sha256, bundle)
    } catch (error) {
      await files.close()
      throw fileProblem(error, path)
    }
  }

  /**
   * Opens a bundle that this process has verified, by its manifest's hash: entries are still compared with the
   * manifest when they are read, but the file is not hashed a second time.
   * @throws UserError damaged-bundle
   */
  static async reopen(path: string, sha256OfManifest: string): Promise<Bundle> {
    const files = await filesAt(path)
    try {
      const { manifest, digest } = await readManifest(files.extents)
      if (digest !== sha256OfManifest) throw damagedBundle('it was replaced while it was in use')
      return new Bundle(path, files, manifest, digest)
    } catch (error) {
      await files.close()
      throw error
    }
  }

  /** What a signature is over. Throws what `open` does. */
  static async digests(path: string): Promise<NamedDigest[]> {
    const files = await filesAt(path)
    try {
      return (await readBundle(files, { allowUnsigned: true }, true)).entries
    } finally {
      await files.close()
    }
  }

  /** Keys of an update pack that are in the bundle before it. */
  get missing(): ManifestEntry[] {
    return this.manifest.entries.filter(({ name }) => !this.#files.extents.has(name))
  }

  /** Unlisted entries too, in pieces; undefined where there is no such entry. The hash was checked when it was opened. */
  stored(name: string): AsyncGenerator<Uint8Array> | undefined {
    const extent = this.#files.extents.get(name)
    return extent && readPieces(extent)
  }

  /** By its place in the network. @throws UserError segment-elsewhere */
  segment(index: number): ManifestSegment {
    const found = this.manifest.segments.find((segment) => segment.index === index)
    if (found) return found
    const held = this.manifest.segments.map((segment) => segment.index + 1).join(', ')
    throw new UserError('segment-elsewhere', `The bundle does not hold segment ${index + 1}, only ${held}.`, {
      hint: 'Use the bundle of the node that computes this segment.',
    })
  }

  /** What follows a segment: a cut's kind, or undefined after the last one. */
  cutAfter(index: number): CutKind | undefined {
    return this.manifest.cuts[index]
  }

  /** A segment's plan, which its keys are known to serve. @throws UserError damaged-bundle */
  async plan(segment: ManifestSegment): Promise<Plan> {
    const plan = decodePlan(await this.entry(segment.plan))
    checkKeys(plan, segment)
    checkKeySizes(plan, segment, this.manifest.entries)
    return plan
  }

  /** Of the entry that holds a segment's plan. */
  planSha256(index: number): string {
    const { plan } = this.segment(index)
    return present(this.manifest.entries.find(({ name }) => name === plan)).sha256
  }

  /** The whole content of an entry. */
  async entry(name: string): Promise<Uint8Array> {
    const extent = this.#files.extents.get(name)
    const listed = this.manifest.entries.find((entry) => entry.name === name)
    if (!extent || !listed || listed.bytes > maxWholeBytes) throw damagedBundle(`${name} is missing or too large`)
    const bytes = await readWhole(extent)
    if (sha256(bytes) !== listed.sha256) throw damagedBundle(`${name} has been changed`)
    return bytes
  }

  async *evaluationKeys(segment: ManifestSegment): AsyncGenerator<EvaluationKeyBytes> {
    for (const { primes, relinearisation, rotation } of segment.evaluationKeys) {
      if (relinearisation !== undefined) yield { primes, relinearisation: await this.entry(relinearisation) }
      if (rotation) yield { primes, galois: { steps: rotation.steps, bytes: await this.entry(rotation.entry) } }
    }
  }

  /** Reads weights one by one, each checked against the index; synchronous, since a plan runs synchronously. */
  async weights(segment: ManifestSegment, plan: Plan): Promise<StoredWeights> {
    // What is returned holds the files: Node closes a handle that nothing refers to, and a worker keeps nothing else.
    const files = this.#files
    const blob = must(files.extents, segment.weights.blob)
    const entries = weightEntries(plan)
    const records = decodeWeightIndex(await this.entry(segment.weights.index), entries.length, blob.bytes)
    const ofWeight = new Map<WeightIndex, number>()
    const ofExpansion = new Map<number, number>()
    entries.forEach(({ source }, entry) => {
      if ('weight' in source) ofWeight.set(source.weight, entry)
      else ofExpansion.set(source.expansion, entry)
    })
    const entryOf = (source: WeightSource): number =>
      'weight' in source ? must(ofWeight, source.weight) : must(ofExpansion, source.expansion)
    let end = blob.start
    const starts = records.map(({ bytes }) => (end += bytes) - bytes)
    const read = (entry: number, room?: Uint8Array): Uint8Array => {
      const { bytes, sha256: expected } = present(records[entry])
      const weight = room ? room.subarray(0, bytes) : new Uint8Array(bytes)
      const { fd } = must(files.extents, segment.weights.blob)
      const read = readSync(fd, weight, 0, bytes, present(starts[entry]))
      if (read !== bytes || !createHash('sha256').update(weight).digest().equals(expected)) {
        throw damagedBundle('a weight has been changed')
      }
      return weight
    }
    return {
      largestBytes: records.reduce((most, { bytes }) => Math.max(most, bytes), 0),
      entries,
      load: (weight) => read(entryOf({ weight })),
      loadExpansion: (expansion) => read(entryOf({ expansion })),
      readInto: (source, room) => read(entryOf(source), room).length,
    }
  }

  async close(): Promise<void> {
    await this.#files.close()
  }
}

const filesAt = (path: string): Promise<BundleFiles> =>
  openBundleFiles(path).catch((error: unknown) => {
    throw fileProblem(error, path)
  })

async function readBundle({ extents, checkFrame }: BundleFiles, trust: Trust, packs: boolean) {
  await checkFrame()
  const { manifest, digest } = await readManifest(extents)
  const keys = new Set(manifest.update === undefined ? [] : manifest.segments.flatMap(keyEntriesOf))
  if (!packs && [...keys].some((name) => !extents.has(name))) throw updatePack(manifest)
  for (const { name, bytes, sha256: expected } of manifest.entries) {
    const extent = extents.get(name)
    if (!extent && keys.has(name)) continue
    if (extent?.bytes !== bytes) throw damagedBundle(`${name} is missing or has another size`)
    if ((await hashExtent(extent)) !== expected) throw damagedBundle(`${name} has been changed`)
  }
  const known = new Set([...UNLISTED_ENTRIES, ...manifest.entries.map(({ name }) => name)])
  const stranger = [...extents.keys()].find((name) => !known.has(name))
  if (stranger !== undefined)
    throw damagedBundle(`it holds ${printableName(stranger)}, which its manifest does not list`)
  const entries: NamedDigest[] = [...manifest.entries, { name: MANIFEST_ENTRY, sha256: digest }]
  const pem = extents.get(SIGNER_ENTRY)
  // The fingerprint of a key is the hash of its file.
  const ownerKey = pem && (await hashExtent(pem))
  if (ownerKey !== undefined) entries.push({ name: SIGNER_ENTRY, sha256: ownerKey })
  const signer = trust.allowUnsigned ? undefined : await verifySigner(extents, entries, trust)
  return { manifest, sha256: digest, signer, ownerKey, entries }
}

const updatePack = ({ update, deploymentId }: Manifest): UserError =>
  new UserError('update-pack', `This is update ${update} of the deployment ${deploymentId}: it lacks the keys.`, {
    hint: "`edge update BUNDLE --pack FILE` joins it with the deployment's bundle, which has them.",
  })

/** @throws UserError unsigned-bundle, wrong-signer, bad-signature, unsupported-signature-method */
async function verifySigner(
  extents: ReadonlyMap<string, Extent>,
  entries: readonly NamedDigest[],
  { publicKey, signature }: Trust,
): Promise<BundleSigner> {
  const read = async (name: string): Promise<Uint8Array> => {
    const extent = extents.get(name)
    if (extent && extent.bytes <= maxSignatureBytes) return await readWhole(extent)
    throw new UserError('unsigned-bundle', 'The bundle is not signed.', {
      hint: 'Ask the owner for a signed one, or use --allow-unsigned to run it anyway.',
    })
  }
  // A detached signature may be another signer's; the key in the bundle says nothing about it.
  const key = signature && publicKey !== undefined ? readPublicKey(publicKey) : readPublicKey(await read(SIGNER_ENTRY))
  const fingerprint = fingerprintOf(key)
  if (publicKey !== undefined && fingerprintOf(readPublicKey(publicKey)) !== fingerprint) {
    throw new UserError('wrong-signer', `The bundle was signed by another key, ${fingerprint}.`, {
      hint: 'Do not use it unless its owner confirms that this key is theirs; then give that key.',
    })
  }
  const inside = signature && extents.get(SIGNATURE_ENTRY)
  const extra = inside ? [{ name: SIGNATURE_ENTRY, sha256: await hashExtent(inside) }] : []
  checkStatement(verifyStatement(signature ?? (await read(SIGNATURE_ENTRY)), key), entries, extra)
  return { fingerprint, pinned: publicKey !== undefined }
}

async function readManifest(extents: ReadonlyMap<string, Extent>) {
  const extent = extents.get(MANIFEST_ENTRY)
  if (!extent || extent.bytes > maxWholeBytes) throw damagedBundle('it has no manifest')
  const bytes = await readWhole(extent)
  return { manifest: decodeManifest(bytes), digest: sha256(bytes) }
}
