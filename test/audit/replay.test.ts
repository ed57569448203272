import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Auditor } from '../../src-main/audit/auditor.ts'
import { serveAudits } from '../../src-main/audit/serve.ts'
import { encodeCase, type AuditCase } from '../../src-main/core/bundle/audit-case.ts'
import { areChained, commitmentOf, type Receipt, type SeededInput } from '../../src-main/core/bundle/receipt.ts'
import { decodeResult } from '../../src-main/core/bundle/result.ts'
import { KERNEL_KINDS, type EvaluatorChoice } from '../../src-main/core/plan/evaluator-kinds.ts'
import { silent } from '../../src-main/core/progress.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { computeJob, jobOn, newJob, openingOf, type ComputedJob, type Job } from '../../src-main/edge/compute-job.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import type { SegmentRunner } from '../../src-main/edge/segment-runner.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { auditCompare, auditReplay } from '../../src-main/jobs/audit.ts'
import { edgeEncrypt } from '../../src-main/jobs/edge-encrypt.ts'
import { edgeRun } from '../../src-main/jobs/edge-run.ts'
import { parmsId } from '../../src-main/kernels/parms-id.ts'
import { newCiphertext } from '../../src-main/kernels/seal-bytes.ts'
import { loadSeal, SealContext } from '../../src-main/seal/public.ts'
import { unpackCiphertext } from '../../src-main/seal/packed.ts'
import { exportTiny, temporaryFolder } from '../owner/exported.ts'
import { residual } from '../segment/residual.ts'
import { npyFile } from '../support/npy.ts'

/** The receipt of a liar who replaces what it computed by other ciphertexts. */
const claiming = ({ receipt }: ComputedJob, outputs: readonly Uint8Array[]): Receipt => ({
  ...receipt,
  outputs: outputs.map(sha256),
})

const caseOf = (receipt: Receipt, job: Job): AuditCase => ({ receipt, opening: openingOf(job) })

describe('an auditor without any key', () => {
  const pixels = Float64Array.of(0.25, -1.5, 3, 0.125)
  let folder: string
  let path: string
  let bundle: Bundle
  let auditor: Auditor
  let runner: SegmentRunner
  let job: Job
  let honest: ComputedJob

  const load = (evaluator: EvaluatorChoice, threads = 1) => loadRunner(bundle, 0, { threads, evaluator })
  const find = async (given: AuditCase) => (await auditor.audit(given)).fault ?? 'none'

  beforeAll(async () => {
    folder = await temporaryFolder()
    path = join(folder, 'tiny.sealed')
    await exportTiny(folder)
    bundle = await Bundle.open(path)
    auditor = await Auditor.open({ bundles: [path], trust: {}, threads: 2 })
    runner = await load('auto')
    job = newJob(pixels)
    honest = await computeJob(bundle, runner, job, silent)
  })
  afterAll(async () => {
    await runner.delete()
    await auditor.close()
    await bundle.close()
    await rm(folder, { recursive: true })
  })

  it('agrees with honest edges on either build of the kernels, and with any number of threads', async () => {
    for (const kind of KERNEL_KINDS) {
      for (const threads of [1, 3]) {
        const other = await load(kind, threads)
        const { receipt } = await computeJob(bundle, other, job, silent)
        await other.delete()
        expect(receipt).toEqual(honest.receipt)
      }
    }
    expect(await auditor.audit(caseOf(honest.receipt, job))).toEqual({
      agrees: true,
      inputs: honest.receipt.inputs,
      outputs: honest.receipt.outputs,
    })
  })

  it('agrees with honest edges on node-seal, which are another family with other bits, but the same inputs', async () => {
    for (const threads of [1, 2]) {
      const other = await load('seal', threads)
      const { receipt } = await computeJob(bundle, other, job, silent)
      await other.delete()
      expect(receipt.evaluator).toBe('seal-1')
      expect(receipt.inputs).toEqual(honest.receipt.inputs)
      expect(await find(caseOf(receipt, job))).toBe('none')
    }
  })

  it('catches a weight in place of the result', async () => {
    expect(await find(caseOf(claiming(honest, [await weightOf(bundle)]), job))).toBe('output')
  })

  it('catches a ciphertext whose decryption is key material', async () => {
    // (0, Δ) decrypts to Δ times the secret key.
    const { polyModulusDegree: n, primes } = runner.plan.parameters
    const chain = primes.slice(0, 1).map(BigInt)
    const { bytes, residues } = newCiphertext(2, 1, n, 2 ** 20, parmsId(n, chain))
    residues.set(new Uint8Array(new BigUint64Array(n).fill(2n ** 20n).buffer), 8 * n)
    expect(await find(caseOf(claiming(honest, [bytes]), job))).toBe('output')
  })

  it('catches the right result of another input, wherever it is denied', async () => {
    const other = newJob(Float64Array.of(1, 1, 1, 1))
    const { receipt } = await computeJob(bundle, runner, { ...other, id: job.id }, silent)
    const { commitment } = honest.receipt
    expect(await find(caseOf({ ...receipt, commitment }, job))).toBe('input')
    expect(await find(caseOf({ ...receipt, commitment, inputs: honest.receipt.inputs }, job))).toBe('output')
    expect(await find(caseOf(receipt, job))).toBe('commitment')
    expect(
      await find(
        caseOf(honest.receipt, { ...job, input: { ...(job.input as SeededInput), values: pixels.map((x) => x / 2) } }),
      ),
    ).toBe('commitment')
  })

  it('catches the result of an input that is a ciphertext of the bundle', async () => {
    const weight = await weightOf(bundle)
    const { receipt } = await computeJob(bundle, runner, { id: job.id, segment: 0, input: [weight] }, silent)
    expect(receipt.inputs).toEqual([sha256(weight)])
    const commitment = commitmentOf(job.input as SeededInput, sha256)
    expect(await find(caseOf({ ...receipt, commitment }, job))).toBe('input')
    // Without a seed to show, the ciphertext itself is no opening.
    expect(await find({ receipt, opening: { kind: 'ciphertexts', ciphertexts: [weight] } })).toBe('unusable')
    expect(await find({ receipt })).toBe('no-opening')
  })

  it('takes no opening that the segment cannot be run on for an error of its own, and no other bundle for a lie', async () => {
    const short: SeededInput = { ...(job.input as SeededInput), values: Float64Array.of(1) }
    const huge: SeededInput = { ...short, values: Float64Array.of(1e300, 0, 0, 0) }
    for (const input of [short, huge]) expect(await find(caseOf(honest.receipt, { ...job, input }))).toBe('unusable')
    const foreign = { ...honest.receipt, bundleSha256: '0'.repeat(64) }
    await expect(auditor.audit(caseOf(foreign, job))).rejects.toMatchObject({ code: 'audit-of-another-bundle' })
  })

  it('answers over HTTP, and anybody can replay the evidence in a process of its own', async () => {
    const server = await serveAudits({ bundles: [path], trust: {}, threads: 1, port: 0, queue: 2 })
    const lie = caseOf(claiming(honest, [await weightOf(bundle)]), job)
    const ask = async (body: Uint8Array) => {
      const response = await fetch(`${server.url}/v1/audit`, { method: 'POST', body: body as Uint8Array<ArrayBuffer> })
      return { status: response.status, ...((await response.json()) as object) }
    }
    const { job: id, segment } = honest.receipt
    expect(await ask(encodeCase(caseOf(honest.receipt, job), sha256))).toMatchObject({
      ...{ status: 200, job: id, segment },
      finding: { agrees: true },
    })
    const caught = await ask(encodeCase(lie, sha256))
    expect(caught).toMatchObject({ status: 200, finding: { agrees: false, fault: 'output' } })
    expect(await ask(Buffer.from('nonsense'))).toMatchObject({ status: 400, error: { code: 'damaged-case' } })
    await server.close()
    const evidence = join(folder, 'lie.evidence')
    const { finding } = caught as unknown as { finding: NonNullable<AuditCase['finding']> }
    await writeFile(evidence, encodeCase({ ...lie, finding }, sha256))
    const replayed = await auditReplay({ evidence, bundle: path, threads: 1 }, silent)
    expect(replayed).toEqual({ job: id, segment, finding, stated: finding, confirms: true })
    // An innocent edge is not convicted by a false word.
    await writeFile(evidence, encodeCase({ ...caseOf(honest.receipt, job), finding }, sha256))
    expect(await auditReplay({ evidence, bundle: path, threads: 1 }, silent)).toMatchObject({ confirms: false })
  })

  it('is not needed where two edges are given one input: their receipts are compared', async () => {
    const input = join(folder, 'pixels.npy')
    await writeFile(input, npyFile([1, 1, 2, 2], Float32Array.from(pixels)))
    const encrypted = join(folder, 'once.input')
    const made = await edgeEncrypt({ bundle: path, input, index: 0, out: encrypted, force: false }, silent)
    const run = async (name: string, from: string, evaluator: EvaluatorChoice) => {
      const out = join(folder, name)
      await edgeRun({ bundle: path, input: from, index: 0, out, force: false, evaluator, threads: 1 }, silent)
      return out
    }
    const first = await run('first.result', encrypted, 'relaxed-simd-f64')
    const second = await run('second.result', encrypted, 'simd-f64')
    expect(await auditCompare([first, second])).toEqual({ job: made.job, segment: 0, agrees: true })
    const own = await run('own.result', input, 'auto')
    await expect(auditCompare([first, own])).rejects.toMatchObject({ code: 'not-comparable' })
  })
})

describe('a chain of nodes', () => {
  it('is audited segment by segment, each on what the receipt before names', async () => {
    const folder = await temporaryFolder()
    const planned = planSegments(residual('shallow'), parseSplit('c1:hand-off'), {})
    await exportTiny(folder, planned)
    const path = join(folder, 'tiny.sealed')
    const bundle = await Bundle.open(path)
    const auditor = await Auditor.open({ bundles: [path], trust: {}, threads: 1 })
    try {
      const runners = await Promise.all(
        [0, 1].map((segment) => loadRunner(bundle, segment, { threads: 1, evaluator: 'auto' })),
      )
      const size = runners[0].plan.input.shape.reduce((product, each) => product * each, 1)
      const first = newJob(Float64Array.from({ length: size }, (_, i) => Math.sin(i)))
      const handed = await computeJob(bundle, runners[0], first, silent)
      const second = jobOn(decodeResult(handed.file, sha256, 'handed'))
      const last = await computeJob(bundle, runners[1], second, silent)
      await Promise.all(runners.map((each) => each.delete()))
      const { receipts = [], job, ciphertexts } = decodeResult(last.file, sha256)
      expect(job).toBe(first.id)
      expect(receipts).toEqual([handed.receipt, last.receipt])
      expect(areChained(receipts, ciphertexts.map(sha256))).toBe(true)
      expect(await auditor.audit(caseOf(receipts[0], first))).toMatchObject({ agrees: true })
      expect(await auditor.audit(caseOf(receipts[1], second))).toMatchObject({ agrees: true })
      const swapped = { ...second, input: [...(second.input as Uint8Array[])].map((bytes) => bytes.slice()) }
      swapped.input[0][113] ^= 1
      expect(await auditor.audit(caseOf(receipts[1], swapped))).toMatchObject({ agrees: false, fault: 'input' })
    } finally {
      await auditor.close()
      await bundle.close()
      await rm(folder, { recursive: true })
    }
  })
})

/** A weight as the edge could send it: in full, at its own level. */
async function weightOf(bundle: Bundle): Promise<Uint8Array> {
  const segment = bundle.segment(0)
  const plan = await bundle.plan(segment)
  const { load } = await bundle.weights(segment, plan)
  const context = new SealContext(await loadSeal(), plan.parameters)
  const { primes, scale } = plan.weights[0]
  const bindings = context.seal.bindings
  const ciphertext = new bindings.Ciphertext()
  ciphertext.loadFromArray(context.context, unpackCiphertext(context, load(0), primes, scale))
  const bytes = ciphertext.saveToArray(bindings.ComprModeType.none) as Uint8Array
  ciphertext.delete()
  context.delete()
  return bytes
}
