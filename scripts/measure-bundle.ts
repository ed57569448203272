/**
 * Writes a signed bundle of a given size, opens and verifies it, and hashes the file as a whole: times and memory of all
 * three, as JSON. `node scripts/measure-bundle.ts [MEBIBYTES] [FOLDER]`, 450 and the temporary folder unless told.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encodeManifest,
  FORMAT,
  MANIFEST_ENTRY,
  SIGNATURE_ENTRY,
  SIGNER_ENTRY,
  type ManifestEntry,
} from '../src-main/core/bundle/manifest.ts'
import { Bundle } from '../src-main/files/open-bundle.ts'
import { writeBundleZip, type EntrySource } from '../src-main/files/write-bundle-zip.ts'
import { Signer } from '../src-main/owner/sign.ts'

const [mebibytes = '450', parent = tmpdir()] = process.argv.slice(2)
const piece = randomBytes(2 ** 20)
const signer = Signer.generate()
const preprocessing = { scale: 1, mean: [0], std: [1], layout: 'nchw' as const }

const blob: EntrySource = {
  name: 'segments/0/weights.bin',
  async *content() {
    for (let count = 0; count < Number(mebibytes); count++) yield piece
  },
}
const small = (name: string, content: (written: readonly ManifestEntry[]) => Uint8Array): EntrySource => ({
  name,
  async *content(written) {
    yield content(written)
  },
})

function manifestOf(entries: readonly ManifestEntry[]): Uint8Array {
  const segment = {
    ...{ index: 0, plan: 'segments/0/plan.json', publicKey: 'segments/0/public.key', evaluationKeys: [] },
    weights: { blob: blob.name, index: 'segments/0/weights.index' },
  }
  return encodeManifest({
    ...{ format: FORMAT, version: '1.0', producer: 'measurement', deploymentId: '0'.repeat(32) },
    ...{ created: new Date().toISOString(), model: { name: 'noise' }, preprocessing },
    ...{ reveal: { mode: 'label' }, segments: [segment], cuts: [], entries: [...entries] },
  })
}

interface Measured {
  readonly seconds: number
  readonly peakHeapMiB: number
}

async function measure(run: () => Promise<unknown>): Promise<Measured> {
  let peak = 0
  const watch = setInterval(() => {
    const { heapUsed, external } = process.memoryUsage()
    peak = Math.max(peak, heapUsed + external)
  }, 20)
  const startedMs = performance.now()
  try {
    await run()
  } finally {
    clearInterval(watch)
  }
  return { seconds: (performance.now() - startedMs) / 1000, peakHeapMiB: Math.round(peak / 2 ** 20) }
}

const folder = await mkdtemp(join(parent, 'sealwright-measure-'))
try {
  const path = join(folder, 'large.sealed')
  const written = await measure(async () => {
    const file = await open(path, 'w+')
    const ciphertexts = ['plan.json', 'weights.index', 'public.key'].map((name) =>
      small(`segments/0/${name}`, () => piece.subarray(0, 1000)),
    )
    await writeBundleZip(file, [
      ...[blob, ...ciphertexts],
      small(MANIFEST_ENTRY, manifestOf),
      small(SIGNER_ENTRY, () => new TextEncoder().encode(signer.publicPem)),
      small(SIGNATURE_ENTRY, (before) => signer.sign(before)),
    ])
    await file.close()
  })
  const hashed = await measure(async () => {
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Uint8Array)
    hash.digest()
  })
  const verified = await measure(async () => (await Bundle.open(path, { publicKey: signer.publicPem })).close())
  const bytes = (await stat(path)).size
  const verifiedOverHashed = Number((verified.seconds / hashed.seconds).toFixed(2))
  process.stdout.write(`${JSON.stringify({ bytes, written, hashed, verified, verifiedOverHashed }, null, 2)}\n`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
