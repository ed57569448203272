import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeCase, encodeCase, type AuditCase, type Opening } from '../../src-main/core/bundle/audit-case.ts'
import { commitmentOf, isSame, type Receipt } from '../../src-main/core/bundle/receipt.ts'
import { decodeResult, encodeResult, type EncryptedResult } from '../../src-main/core/bundle/result.ts'
import { silent } from '../../src-main/core/progress.ts'
import { computeJob, newJob, openingOf } from '../../src-main/edge/compute-job.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import type { SegmentRunner } from '../../src-main/edge/segment-runner.ts'
import { askGateway } from '../../src-main/edge/serve/gateway-client.ts'
import { serve } from '../../src-main/edge/serve/serve.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import type { Auditor } from '../../src-main/owner/gateway/auditor.ts'
import { SecondEdge } from '../../src-main/owner/gateway/second-edge.ts'
import { drawCoin } from '../../src-main/owner/gateway/audits.ts'
import { startGateway, type GatewayOptions, type GatewayServer } from '../../src-main/owner/gateway/gateway.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { tinyOutput } from '../bundle/tiny-plan.ts'
import { npy } from '../edge/npy.ts'
import { exportTiny, passphrase, temporaryFolder } from './exported.ts'
import { jobOnWeight, keyInFormOf, weightInFormOf } from './lies.ts'

const pixels = Float64Array.of(0.3, -0.8, 1.5, 0.6)
const expected = tinyOutput(pixels)
const label = expected.indexOf(Math.max(...expected))
const coded = (code: string) => expect.objectContaining({ code })

interface Made {
  readonly result: EncryptedResult
  readonly receipt: Receipt
  readonly opening: Opening
}

describe('a gateway that has jobs computed again', () => {
  let folder: string
  let id: string
  let bundle: Bundle
  let runner: SegmentRunner
  let gateway: GatewayServer | undefined
  let asked: AuditCase[]
  let caught: string[]
  let trial = 0

  /** Computes the job anew, with nothing but the bundle. */
  const auditor: Auditor = {
    async replay(audited) {
      asked.push(audited)
      const { receipt, opening } = audited
      if (opening?.kind !== 'values') return { agrees: false, fault: 'unusable' }
      const input = { job: receipt.job, seed: opening.seed, values: opening.values }
      if (commitmentOf(input, sha256) !== receipt.commitment) return { agrees: false, fault: 'commitment' }
      const again = await computeJob(bundle, runner, { id: receipt.job, segment: 0, input }, silent)
      const { inputs, outputs } = again.receipt
      if (!isSame(inputs, receipt.inputs)) return { agrees: false, fault: 'input', inputs }
      if (!isSame(outputs, receipt.outputs)) return { agrees: false, fault: 'output', inputs, outputs }
      return { agrees: true, inputs, outputs }
    },
  }

  async function start(changes: Partial<GatewayOptions> = {}): Promise<GatewayServer> {
    trial += 1
    gateway = await startGateway({
      ...{ keysFolder: join(folder, 'keys'), unlock: { passphrase }, auditLog: join(folder, `${trial}.log`) },
      ...{ perMinute: 1000, quota: 1000, port: 0, tokens: ['honest-edge', 'lying-edge'] },
      audits: { auditor, evidence: join(folder, `evidence-${trial}`), openingMs: 2000 },
      onCaught: (_, token) => caught.push(token),
      ...changes,
    })
    return gateway
  }

  async function make(values = pixels): Promise<Made> {
    const job = newJob(values)
    const { file, receipt } = await computeJob(bundle, runner, job, silent)
    return { result: decodeResult(file, sha256), receipt, opening: openingOf(job) }
  }

  /** What an edge does with a result: post it, and open the job where it is asked to. */
  const bring = (made: Made, token: string) =>
    askGateway({ url: gateway!.url, token }, encodeResult(made.result, sha256), () =>
      encodeCase({ receipt: made.result.receipts![0], opening: made.opening }, sha256),
    )

  /** The honest job with other ciphertexts, and a receipt that names them. */
  function withCiphertexts({ result, receipt, opening }: Made, ciphertexts: readonly Uint8Array[]): Made {
    const lying = { ...receipt, outputs: ciphertexts.map(sha256) }
    return { result: { ...result, ciphertexts, receipts: [lying] }, receipt: lying, opening }
  }

  const setRate = async (rate: number): Promise<void> => {
    const store = new KeyStore(join(folder, 'keys'))
    await store.update({ ...(await store.read(id)), audit: { rate } })
  }
  const account = () => new KeyStore(join(folder, 'keys')).ledger.read(id)

  beforeAll(async () => {
    folder = await temporaryFolder()
    id = (await exportTiny(folder, { audit: { rate: 1 } })).deploymentId
    bundle = await Bundle.open(join(folder, 'tiny.sealed'))
    runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'kernels' })
  })
  beforeEach(async () => {
    ;[asked, caught] = [[], []]
    await gateway?.close()
    gateway = undefined
    await new KeyStore(join(folder, 'keys')).ledger.update(id, (kept) => ({ ...kept, blocked: [], spentBits: 0 }))
  })
  afterAll(async () => {
    await gateway?.close()
    await runner.delete()
    await bundle.close()
    await rm(folder, { recursive: true })
  })

  it('answers honest jobs after they agree, at no cost of bits', async () => {
    await start()
    const before = (await account()).audits.passed
    for (let i = 0; i < 3; i++) expect(await bring(await make(), 'honest-edge')).toEqual({ label })
    expect(asked).toHaveLength(3)
    expect(await account()).toMatchObject({ spentBits: 0, blocked: [], audits: { passed: before + 3 } })
    expect((await gateway!.desk.budgets())[0]).toMatchObject({ answersLeft: null, audit: { rate: 1 } })
  })

  it('answers no more scores than their noise is sized for, and says how many are left', async () => {
    const store = new KeyStore(join(folder, 'keys'))
    const deployment = await store.read(id)
    const flooding = { noise: 1e-9, spread: 10, releases: 1, statisticalBits: 30 }
    await store.update({ ...deployment, reveal: { mode: 'scores' }, flooding })
    try {
      await start()
      const left = async () => (await gateway!.desk.budgets())[0].answersLeft
      expect(await left()).toBe(1)
      expect(await bring(await make(), 'honest-edge')).toHaveProperty('scores')
      expect(await left()).toBe(0)
      await expect(bring(await make(), 'honest-edge')).rejects.toThrow(coded('gateway-refused'))
    } finally {
      await store.update(deployment)
    }
  })

  it('answers over HTTP as an edge does it', async () => {
    await start({ tokens: [] })
    const edge = await serve({
      ...{ bundle: join(folder, 'tiny.sealed'), trust: {}, runner: { threads: 1, evaluator: 'kernels' }, port: 0 },
      ...{ queue: 4, gateway: { url: gateway!.url } },
    })
    try {
      const headers = { 'content-type': 'application/x-npy' }
      const answer = await fetch(`${edge.url}/v1/run`, { method: 'POST', body: Buffer.from(npy([...pixels])), headers })
      expect(await answer.json()).toEqual({ label })
      expect(asked).toHaveLength(1)
    } finally {
      await edge.close()
    }
  })

  describe('catches an edge', () => {
    const lies: [string, () => Promise<Made>, string][] = [
      [
        'that returns a weight',
        async () => {
          const made = await make()
          return withCiphertexts(made, [await weightInFormOf(bundle, made.result.ciphertexts[0])])
        },
        'output',
      ],
      [
        'that returns what decrypts to a piece of the key',
        async () => {
          const made = await make()
          return withCiphertexts(made, [keyInFormOf(made.result.ciphertexts[0])])
        },
        'output',
      ],
      [
        'that returns the right result of another input',
        async () => withCiphertexts(await make(), (await make(Float64Array.of(1, 1, -1, 0))).result.ciphertexts),
        'output',
      ],
      [
        'that computed on a ciphertext of its own',
        async () => {
          const made = await make()
          const { result } = await make(Float64Array.of(0.1, 0.2, 0.3, 0.4))
          const inputs = result.receipts![0].inputs
          const lying = withCiphertexts(made, result.ciphertexts)
          const receipt = { ...lying.receipt, inputs }
          return { ...lying, receipt, result: { ...lying.result, receipts: [receipt] } }
        },
        'input',
      ],
      [
        'that computed on a weight of the bundle',
        async () => {
          const job = newJob(pixels)
          const { file, receipt } = await jobOnWeight(bundle, runner, job)
          return { result: decodeResult(file, sha256), receipt, opening: openingOf(job) }
        },
        'input',
      ],
      [
        'that opens another input than it committed to',
        async () => {
          const made = await make()
          const other = await make()
          return { ...made, opening: other.opening }
        },
        'commitment',
      ],
    ]

    it('whatever it lies about, with evidence that anybody can check', async () => {
      await start({ tokens: ['honest-edge', ...lies.map(([name]) => name)] })
      for (const [name, lie, fault] of lies) {
        await expect(bring(await lie(), name), name).rejects.toThrow(/403/)
        // Nothing more of it is answered, honest or not, and others go on.
        await expect(bring(await make(), name), name).rejects.toThrow(/403/)
        expect(await bring(await make(), 'honest-edge'), name).toEqual({ label })
        expect(caught, name).toHaveLength(lies.findIndex(([other]) => other === name) + 1)
        const files = await Promise.all(
          (await readdir(join(folder, `evidence-${trial}`))).map((file) =>
            readFile(join(folder, `evidence-${trial}`, file)),
          ),
        )
        const found = files.map((file) => decodeCase(file, sha256)).filter(({ finding }) => finding?.fault === fault)
        expect(found.length, name).toBeGreaterThan(0)
        for (const evidence of found) expect(await auditor.replay(evidence), name).toEqual(evidence.finding)
      }
      const { blocked, audits } = await account()
      expect(blocked.map(({ token }) => token)).toEqual(caught)
      expect(audits.failed).toBe(lies.length)
      const log = await readFile(join(folder, `${trial}.log`), 'utf8')
      const each = ['audit-failed', 'refused', 'refused', 'audit-passed', 'released']
      expect([...log.matchAll(/"event":"([^"]*)"/g)].map(([, event]) => event)).toEqual([
        'started',
        ...lies.flatMap(() => each),
      ])
    })

    it('that opens nothing, or too late', async () => {
      await start({ audits: { auditor, evidence: join(folder, 'silent'), openingMs: 100 } })
      const { result, opening } = await make()
      const headers = { authorization: 'Bearer lying-edge' }
      const body = Buffer.from(encodeResult(result, sha256))
      const reply = await fetch(`${gateway!.url}/v1/decrypt`, { method: 'POST', headers, body })
      expect(reply.status).toBe(202)
      const { job } = result.receipts![0]
      expect(await reply.json()).toEqual({ audit: { job, segments: [0] } })
      await new Promise((resolve) => setTimeout(resolve, 400))
      const late = await fetch(`${gateway!.url}/v1/openings`, {
        ...{ method: 'POST', headers },
        body: Buffer.from(encodeCase({ receipt: result.receipts![0], opening }, sha256)),
      })
      expect(late.status).toBe(403)
      expect((await account()).blocked).toHaveLength(1)
      expect(asked).toHaveLength(0)
      const [name] = await readdir(join(folder, 'silent'))
      expect(decodeCase(await readFile(join(folder, 'silent', name)), sha256).finding?.fault).toBe('no-opening')
    })
  })

  it('takes no result without a receipt, and none whose receipt is of something else', async () => {
    await start()
    const { result, receipt, opening } = await make()
    const refused: EncryptedResult[] = [
      { ...result, receipts: undefined },
      { ...result, receipts: [{ ...receipt, planSha256: 'ab'.repeat(32) }] },
      { ...result, receipts: [{ ...receipt, bundleSha256: 'ab'.repeat(32) }] },
      { ...result, receipts: [{ ...receipt, commitment: undefined }] },
      { ...result, receipts: [{ ...receipt, outputs: ['ab'.repeat(32)] }] },
      { ...result, job: 'ab'.repeat(16) },
    ]
    for (const wrong of refused) {
      await expect(bring({ result: wrong, receipt, opening }, 'lying-edge')).rejects.toThrow(/403/)
    }
    expect(asked).toHaveLength(0)
    expect((await account()).blocked).toEqual([])
  })

  it('counts for a caught edge what it got before on average, and stops where that is too much', async () => {
    await setRate(0.5)
    // Room for two that are caught: log2(3) bits each.
    await start({ quota: 2.1 })
    for (const token of ['lying-edge', 'honest-edge']) {
      const lying = withCiphertexts(await make(), (await make()).result.ciphertexts)
      while (caught.length < (token === 'lying-edge' ? 1 : 2)) await bring(lying, token).catch(() => {})
    }
    expect((await account()).spentBits).toBeCloseTo(2 * Math.log2(3), 9)
    await new KeyStore(join(folder, 'keys')).ledger.update(id, (kept) => ({ ...kept, blocked: [] }))
    await expect(bring(await make(), 'honest-edge')).rejects.toThrow(/403/)
    await setRate(1)
  })

  it('compares with what a second edge computes, where there is no auditor', async () => {
    const options = { bundle: join(folder, 'tiny.sealed'), trust: {}, port: 0, queue: 4 }
    const kernels = await serve({ ...options, runner: { threads: 1, evaluator: 'kernels' } })
    const other = await serve({ ...options, runner: { threads: 1, evaluator: 'seal' } })
    const audits = (url: string) => ({
      audits: { auditor: new SecondEdge({ url }), evidence: join(folder, 'second'), openingMs: 2000 },
    })
    try {
      await start(audits(kernels.url))
      expect(await bring(await make(), 'honest-edge')).toEqual({ label })
      const lying = withCiphertexts(await make(), (await make()).result.ciphertexts)
      await expect(bring(lying, 'lying-edge')).rejects.toThrow(/403/)
      const [name] = await readdir(join(folder, 'second'))
      // It tells who of the two lied.
      const evidence = decodeCase(await readFile(join(folder, 'second', name)), sha256)
      expect(await auditor.replay(evidence)).toEqual(evidence.finding)
      expect((await account()).blocked).toHaveLength(1)
      // What no edge can compute is the fault of whoever committed to it.
      const { opening, ...made } = await make()
      const input = { job: made.receipt.job, seed: new Uint8Array(32), values: Float64Array.of(1, 2, 3) }
      const receipt = { ...made.receipt, commitment: commitmentOf(input, sha256) }
      const result = { ...made.result, receipts: [receipt] }
      await expect(
        bring({ ...made, receipt, result, opening: { kind: 'values', ...input } }, 'honest-edge'),
      ).rejects.toThrow(/403/)
      expect((await account()).blocked).toHaveLength(2)
      expect(opening.kind).toBe('values')
      await gateway!.close()
      // Another family of evaluators gives other bits, and nobody lies.
      await new KeyStore(join(folder, 'keys')).ledger.update(id, (kept) => ({ ...kept, blocked: [] }))
      await start(audits(other.url))
      await expect(bring(await make(), 'honest-edge')).rejects.toThrow(/403/)
      expect((await account()).blocked).toEqual([])
    } finally {
      await Promise.all([kernels.close(), other.close()])
    }
  })

  it('does not start without an auditor', async () => {
    await expect(start({ audits: undefined })).rejects.toThrow(coded('auditor-needed'))
  })

  it('answers nothing of an audited job while the auditor is away, and blocks nobody for it', async () => {
    const away: Auditor = { replay: () => Promise.reject(new Error('away')) }
    await start({ audits: { auditor: away, evidence: join(folder, 'none'), openingMs: 2000 } })
    await expect(bring(await make(), 'honest-edge')).rejects.toThrow(/403/)
    expect((await account()).blocked).toEqual([])
  })
})

describe('the coin', () => {
  it('falls with its probability', () => {
    const jobs = 20_000
    const audited = Array.from({ length: jobs }, () => drawCoin(0.05)).filter(Boolean).length
    // Five standard deviations: once in two million runs.
    expect(Math.abs(audited - 0.05 * jobs)).toBeLessThan(5 * Math.sqrt(jobs * 0.05 * 0.95))
    expect(drawCoin(1)).toBe(true)
  })
})
