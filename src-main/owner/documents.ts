import { z } from 'zod'
import about from '../../package.json' with { type: 'json' }
import { accuracyCardOf, type AccuracyCard } from '../core/bundle/accuracy-card.ts'
import { encodeBill, segmentParameters, type BillFacts } from '../core/bundle/bill-of-materials.ts'
import { FORMAT_VERSION, type ManifestDocuments } from '../core/bundle/manifest.ts'
import { receiptSchema } from '../core/bundle/receipt.ts'
import type { Plan } from '../core/plan/plan.ts'
import { SEAL_VERSION } from '../seal/version.ts'
import { entryOf, type EntrySource } from '../files/write-bundle-zip.ts'

/** Program and version, as a bundle names its maker. */
export const PRODUCER = `sealwright ${about.version}`

const versions = { sealwright: about.version, nodeSeal: about.dependencies['node-seal'], seal: SEAL_VERSION }

export interface DocumentFacts extends Pick<BillFacts, 'deploymentId' | 'created' | 'signatureCurve'> {
  /** Of the segments that the bundle holds, with their places in the network. */
  readonly plans: readonly { readonly index: number; readonly plan: Plan }[]
  readonly kept?: Parameters<typeof accuracyCardOf>[0]
}

/** What a bundle carries for people and their tools, beside what an edge computes with. */
export function documentEntries({ plans, kept, ...facts }: DocumentFacts): {
  readonly documents: ManifestDocuments
  readonly sources: readonly EntrySource[]
} {
  const documents = { bom: 'bom.json', accuracy: 'accuracy.json', receiptSchema: 'receipt.schema.json' }
  const segments = plans.map(({ index, plan }) => segmentParameters(index, plan.parameters))
  const card: AccuracyCard = accuracyCardOf(kept)
  const sources = [
    entryOf(documents.bom, () => encodeBill({ ...facts, formatVersion: FORMAT_VERSION, versions, segments })),
    entryOf(documents.accuracy, () => jsonBytes(card)),
    entryOf(documents.receiptSchema, () => jsonBytes(z.toJSONSchema(receiptSchema))),
  ]
  return { documents, sources }
}

const jsonBytes = (value: object): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
