import { open, type FileHandle } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AuditPolicy } from '../core/bundle/audit-policy.ts'
import {
  encodeManifest,
  FORMAT,
  FORMAT_VERSION,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  SIGNER_ENTRY,
  type ManifestDocuments,
  type ManifestEntry,
  type RevealPolicy,
} from '../core/bundle/manifest.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { present } from '../core/must.ts'
import type { Plan } from '../core/plan/plan.ts'
import type { CutKind } from '../core/segment/cut.ts'
import { writeAtomically } from '../files/write-atomically.ts'
import { entryOf, writeBundleZip } from '../files/write-bundle-zip.ts'
import { writeFolder } from '../files/write-folder.ts'
import { documentEntries, PRODUCER, type DocumentFacts } from './documents.ts'
import type { SegmentEntries } from './segment-entries.ts'
import type { Signer } from './sign.ts'

/** What a bundle says of itself beside its segments. */
export interface BundleTitle {
  readonly deploymentId: string
  /** Which update of the deployment it is; absent for the first export. */
  readonly update?: number
  readonly created: string
  readonly modelName: string
  readonly preprocessing: Preprocessing
  readonly reveal: RevealPolicy
  readonly audit?: AuditPolicy
  readonly cuts: readonly CutKind[]
  /** Of all segments of the network. */
  readonly plans: readonly Plan[]
  /** For the accuracy card. */
  readonly kept?: DocumentFacts['kept']
}

export interface ExportOptions {
  /** The bundle, or with `perNode` a folder with one bundle for each segment. */
  readonly out: string
  readonly perNode?: boolean
  readonly force?: boolean
}

export interface ExportedBundle {
  readonly path: string
  /** SHA-256 of the manifest, which covers every entry: the bundle's identity. */
  readonly sha256: string
  readonly bytes: number
  /** Segments that it holds, from 0. */
  readonly segments: readonly number[]
}

export interface ExportedBundles {
  readonly bundles: readonly ExportedBundle[]
  /** What was written, of all bundles. */
  readonly entries: readonly ManifestEntry[]
}

interface ExportSteps {
  /** Called once, when the first byte may be written. */
  readonly prepare: () => Promise<{ readonly segments: readonly SegmentEntries[]; readonly signer: Signer }>
  /** Called when all bytes are on disk and before bundles get their names. */
  readonly commit: (exported: ExportedBundles) => Promise<void>
}

/** Writes one bundle, or one for each segment. @throws UserError output-exists, not-writable, disk-full */
export async function exportBundles(
  title: BundleTitle,
  { out: given, perNode, force }: ExportOptions,
  { prepare, commit }: ExportSteps,
): Promise<ExportedBundles> {
  const out = resolve(given)
  const bundles: ExportedBundle[] = []
  const entries: ManifestEntry[] = []
  const exported = { bundles, entries }
  const options = { force, beforeRename: () => commit(exported) }
  if (perNode) {
    await writeFolder(out, options, async (folder) => {
      const { segments, signer } = await prepare()
      for (const [index, segment] of segments.entries()) {
        const name = nodeBundleName(index, segments.length)
        const file = await open(join(folder, name), 'wx+')
        try {
          await write(file, join(out, name), [segment], signer)
          await file.sync()
        } finally {
          await file.close()
        }
      }
    })
  } else {
    await writeAtomically(out, options, async (file) => {
      const { segments, signer } = await prepare()
      await write(file, out, segments, signer)
    })
  }
  return exported

  async function write(
    file: FileHandle,
    path: string,
    segments: readonly SegmentEntries[],
    signer: Signer,
  ): Promise<void> {
    const held = segments.flatMap((segment) => segment.held)
    const { deploymentId, created, kept, plans } = title
    const { documents, sources } = documentEntries({
      ...{ deploymentId, created, kept, signatureCurve: signer.curve },
      plans: segments.map(({ manifest: { index } }) => ({ index, plan: present(plans[index]) })),
    })
    const written = await writeBundleZip(file, [
      ...segments.flatMap((segment) => segment.sources),
      ...sources,
      entryOf(MANIFEST_ENTRY, (before) => manifestOf(title, segments, documents, [...held, ...before])),
      entryOf(SIGNER_ENTRY, () => new TextEncoder().encode(signer.publicPem)),
      entryOf(SIGNATURE_ENTRY, (before) => signer.sign([...held, ...before])),
    ])
    entries.push(...written)
    bundles.push({
      path,
      sha256: present(written.find(({ name }) => name === MANIFEST_ENTRY)).sha256,
      bytes: (await file.stat()).size,
      segments: segments.map(({ manifest }) => manifest.index),
    })
  }
}

function manifestOf(
  title: BundleTitle,
  segments: readonly SegmentEntries[],
  documents: ManifestDocuments,
  entries: readonly ManifestEntry[],
): Uint8Array {
  const { deploymentId, update, created, modelName, preprocessing, reveal, audit, cuts } = title
  const { scale, mean, std, layout, resize, crop } = preprocessing
  const framing = { ...(resize && { resize: [...resize] }), ...(crop && { crop: [...crop] }) }
  return encodeManifest({
    format: FORMAT,
    version: FORMAT_VERSION,
    producer: PRODUCER,
    deploymentId,
    ...(update !== undefined && { update }),
    created,
    model: { name: modelName.slice(0, 200) },
    preprocessing: { scale, mean: [...mean], std: [...std], layout, ...framing },
    reveal,
    ...(audit && { audit }),
    segments: segments.map(({ manifest }) => manifest),
    cuts: [...cuts],
    documents,
    entries: [...entries],
  })
}

/** Names that sort as the segments do. */
const nodeBundleName = (index: number, count: number): string =>
  `segment-${String(index + 1).padStart(String(count).length, '0')}.sealed`
