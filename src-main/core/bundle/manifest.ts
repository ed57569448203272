import { damagedBundle } from '../plan/damaged-bundle.ts'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import { CUT_KINDS, maxSegments } from '../segment/cut.ts'
import { auditPolicySchema } from './audit-policy.ts'
import { parseJson } from './json.ts'

/** The format is specified in docs/bundle-format.md. */
export const FORMAT = 'sealwright-bundle'
/** Version 1 had no expansions, version 2 no hybrid keys, version 3 no documents; their bundles can be read all the same. */
export const FORMAT_VERSION = '4.0'
const readMajors: readonly string[] = ['1', '2', '3', '4']
export const MANIFEST_ENTRY = 'manifest.json'
/** Not among the manifest's entries: the signature covers the manifest. */
export const SIGNATURE_ENTRY = 'signature.json'
export const SIGNER_ENTRY = 'signer.pem'

/** All entries but these are listed in the manifest, with their hashes. */
export const UNLISTED_ENTRIES: readonly string[] = [MANIFEST_ENTRY, SIGNER_ENTRY, SIGNATURE_ENTRY]

const maxManifestBytes = 4 * 2 ** 20
const maxEntryBytes = 2 ** 40
const maxEntries = 8192

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const entryName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*)*$/)
  .max(200)
const perChannel = z.array(z.number()).min(1).max(65536)
const steps = z
  .array(
    z
      .int()
      .positive()
      .max(2 ** 16),
  )
  .max(4096)

export const revealPolicySchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('label') }),
  z.strictObject({ mode: z.literal('top-k'), k: z.int().min(1).max(1000) }),
  z.strictObject({ mode: z.literal('scores') }),
])

const side = z.int().min(1).max(4096)

const preprocessing = z.strictObject({
  scale: z.number(),
  mean: perChannel,
  std: perChannel,
  layout: z.enum(['nchw', 'nhwc']),
  resize: z.array(side).min(1).max(2).optional(),
  crop: z.array(side).length(2).optional(),
})

/** There is no kind of entry that could hold a secret key. */
const segment = z.strictObject({
  /** Its place in the network, from 0: a bundle for one node may hold any part of them. */
  index: z
    .int()
    .min(0)
    .max(maxSegments - 1),
  plan: entryName,
  weights: z.strictObject({ blob: entryName, index: entryName }),
  publicKey: entryName,
  evaluationKeys: z
    .array(
      z.strictObject({
        primes: z.int().min(1).max(64),
        relinearisation: entryName.optional(),
        rotation: z.strictObject({ entry: entryName, steps }).optional(),
      }),
    )
    .max(maxEntries),
})

/** For people and their tools; nothing that is computed depends on them. */
const documents = z.strictObject({
  /** Bill of materials. */
  bom: entryName,
  accuracy: entryName,
  receiptSchema: entryName,
})

const entry = z.strictObject({ name: entryName, bytes: z.int().min(0).max(maxEntryBytes), sha256 })

/** The keys of segments, named by the hashes of their entries: what an update needs of the bundles before it. */
export const heldKeysSchema = z.strictObject({
  segments: z.array(segment.pick({ index: true, publicKey: true, evaluationKeys: true })).max(maxSegments),
  entries: z.array(entry).max(maxEntries),
})

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.string(),
  producer: z.string().max(200),
  deploymentId: z.string().regex(/^[0-9a-f]{32}$/),
  /** Which update of the deployment it is, from 1; absent for the first export. */
  update: z.int().min(1).max(1_000_000).optional(),
  created: z.iso.datetime(),
  model: z.strictObject({ name: z.string().max(1000) }),
  preprocessing,
  reveal: revealPolicySchema,
  /** Absent where no job is audited. */
  audit: auditPolicySchema.optional(),
  segments: z.array(segment).min(1).max(maxSegments),
  /** What happens after each segment of the network but the last, those of other bundles included. */
  cuts: z.array(z.enum(CUT_KINDS)).max(maxSegments - 1),
  documents: documents.optional(),
  entries: z.array(entry).max(maxEntries),
})

export type Manifest = z.infer<typeof manifestSchema>
export type ManifestSegment = z.infer<typeof segment>
export type ManifestDocuments = z.infer<typeof documents>
export type ManifestEntry = Manifest['entries'][number]
export type HeldKeys = z.infer<typeof heldKeysSchema>
/** What a decryption may tell a consumer; the owner keeps and enforces it. */
export type RevealPolicy = z.infer<typeof revealPolicySchema>

/** Throws where a reader would. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifestSchema.parse(manifest), null, 2))
}

/**
 * Reads and checks a manifest.
 * @throws UserError unsupported-bundle-version, damaged-bundle
 */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const value = parseJson('manifest', bytes, maxManifestBytes)
  refuseOtherVersions(value)
  const parsed = manifestSchema.safeParse(value)
  if (!parsed.success) throw damagedBundle(`its manifest is not valid: ${z.prettifyError(parsed.error)}`)
  const manifest = parsed.data
  const indices = manifest.segments.map(({ index }) => index)
  if (indices.some((index, i) => index > manifest.cuts.length || (i > 0 && index <= indices[i - 1]))) {
    throw damagedBundle('its manifest lists segments out of order')
  }
  const listed = manifest.entries.map((entry) => entry.name)
  if (new Set(listed).size !== listed.length) throw damagedBundle('its manifest lists an entry twice')
  const used = [...manifest.segments.flatMap(entriesOf), ...Object.values(manifest.documents ?? {})]
  const missing = used.find((name) => !listed.includes(name))
  if (missing !== undefined) throw damagedBundle(`its manifest does not list ${missing}`)
  const unused = listed.find((name) => !used.includes(name))
  if (unused !== undefined) throw damagedBundle(`its manifest lists ${unused}, which nothing uses`)
  return manifest
}

/** Every entry that a segment refers to. */
export const entriesOf = (segment: ManifestSegment): string[] => [
  segment.plan,
  segment.weights.blob,
  segment.weights.index,
  ...keyEntriesOf(segment),
]

/** Those of them that are keys, and that an update leaves to the bundle before it. */
export const keyEntriesOf = ({
  publicKey,
  evaluationKeys,
}: Pick<ManifestSegment, 'publicKey' | 'evaluationKeys'>): string[] => [
  publicKey,
  ...evaluationKeys.flatMap(({ relinearisation, rotation }) =>
    [relinearisation, rotation?.entry].filter((name) => name !== undefined),
  ),
]

/** The keys that a manifest lists. */
export function heldKeysOf(
  segments: readonly Pick<ManifestSegment, 'index' | 'publicKey' | 'evaluationKeys'>[],
  entries: readonly ManifestEntry[],
): HeldKeys {
  const names = new Set(segments.flatMap(keyEntriesOf))
  return {
    segments: segments.map(({ index, publicKey, evaluationKeys }) => ({ index, publicKey, evaluationKeys })),
    entries: entries.filter(({ name }) => names.has(name)),
  }
}

/** A newer minor version only adds what older readers may ignore, so it would still parse strictly or fail below. */
function refuseOtherVersions(value: unknown): void {
  const { format, version } = Object(value) as { format?: unknown; version?: unknown }
  if (format !== FORMAT || typeof version !== 'string') throw damagedBundle('its manifest is not that of a bundle')
  if (!readMajors.includes(version.split('.')[0])) {
    throw new UserError('unsupported-bundle-version', `The bundle has format version ${version.slice(0, 20)}.`, {
      hint: `This program reads versions ${readMajors.join(', ')}; use a release of Sealwright that reads the bundle's version.`,
    })
  }
}
