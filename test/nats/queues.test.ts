import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { temporaryFolder } from '../owner/exported.ts'
import { seededRandom } from '../support/seed.ts'
import { Cluster } from './cluster.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'
import { answersKept, encodeInput, inTheNameOf, leftovers, Liar, trial } from './trials.ts'

const deadlineSeconds = 60
describe('segments over NATS', () => {
  let folder: string
  let cluster: Cluster
  let liar: Liar

  const released = async (): Promise<number> =>
    (await readFile(join(folder, 'audit.log'), 'utf8')).match(/"event":"released"/g)?.length ?? 0

  beforeAll(async () => {
    folder = await temporaryFolder()
    cluster = await Cluster.start(await deployTiny(folder), {
      folder,
      limit: 8,
      nodeOptions: ['--threads=1', '--evaluator=seal'],
    })
    liar = await Liar.connect(cluster)
  }, 180_000)
  afterAll(async () => {
    await liar.close()
    await cluster.close()
    await rm(folder, { recursive: true })
  })

  it('refuses jobs at once while a queue is full, and answers those that were accepted', async () => {
    const outcomes = await trial(
      cluster,
      { jobs: 10, question: tinyQuestion, deadlineSeconds, everyMs: 0 },
      async () => {
        await expect.poll(() => leftovers(cluster), { timeout: 60_000 }).toMatchObject({ tasks: 8 })
        await cluster.startNodes('1', '2', '1,2')
      },
    )
    expect(outcomes).toEqual({ busy: 2, right: 8 })
  }, 180_000)

  it('answers a job once, however often it is submitted', async () => {
    const { input, label } = tinyQuestion()
    const before = await released()
    const answer = await liar.ask(await encodeInput(cluster.deployment, input), 'compute', 0, 3)
    expect(answer).toMatchObject({ answer: { label } })
    await expect.poll(() => leftovers(cluster), { timeout: 25_000 }).toMatchObject({ tasks: 0 })
    expect(await released()).toBe(before + 1)
    expect((await answersKept(cluster)).mostPerJob).toBe(1)
  }, 60_000)

  it('says that a job failed when a node returns garbage', async () => {
    const noise = (file: Uint8Array): Uint8Array => {
      const { ciphertexts, ...identity } = decodeResult(file, sha256, 'refreshed')
      return encodeResult(
        { ...identity, ciphertexts: [ciphertexts[0].map((byte, i) => (i < 200 ? byte : i % 7))] },
        sha256,
      )
    }
    const refused = { failure: { code: 'refused' } }
    for (const garbage of [() => new Uint8Array(1000), (file: Uint8Array) => file.subarray(0, 5000), noise]) {
      for (const segment of [0, 1]) {
        // A file names its job, which gets one answer.
        const input = await encodeInput(cluster.deployment, tinyQuestion().input)
        expect(await liar.ask(garbage(input), 'open', segment)).toMatchObject(refused)
      }
    }
  }, 60_000)

  it('says so when a node is given another deployment’s ciphertext', async () => {
    const otherFolder = await temporaryFolder()
    const foreign = await encodeInput(await deployTiny(otherFolder), tinyQuestion().input)
    expect(await liar.ask(foreign)).toMatchObject({ failure: { code: 'input-of-another-bundle' } })
    const disguised = await inTheNameOf(cluster.deployment, foreign)
    expect(await liar.ask(disguised)).toMatchObject({ failure: { code: 'refused' } })
    await rm(otherFolder, { recursive: true })
  }, 60_000)

  it('keeps a job’s deadline when the clock is set back meanwhile', async () => {
    const signalNodes = (signal: NodeJS.Signals) => cluster.nodes.forEach(({ process }) => process.kill(signal))
    const submitter = await cluster.submitter()
    const now = Date.now
    const started = performance.now()
    signalNodes('SIGSTOP')
    try {
      const answer = submitter.submit(tinyQuestion().input, 2)
      setTimeout(() => (Date.now = () => now() - 3_600_000), 500)
      await expect(answer).rejects.toThrow(expect.objectContaining({ code: 'deadline-exceeded' }))
      expect(performance.now() - started).toBeLessThan(10_000)
    } finally {
      Date.now = now
      signalNodes('SIGCONT')
      await submitter.close()
    }
  }, 30_000)

  it('leaves no task and no object behind', async () => {
    await expect.poll(() => leftovers(cluster), { timeout: 25_000 }).toEqual({ tasks: 0, objects: 0 })
  }, 30_000)

  it('loses nothing and answers nothing twice when nodes are killed and the server restarts', async () => {
    const random = seededRandom('kill moments')
    const before = await released()
    const options = { jobs: 12, question: tinyQuestion, deadlineSeconds, everyMs: 150, insists: true }
    const outcomes = await trial(cluster, options, async () => {
      for (const node of cluster.nodes) {
        await pause(400 * random())
        await node.kill()
      }
      await cluster.restartServer()
    })
    expect(outcomes).toEqual({ right: 12 })
    expect(await released()).toBe(before + 12)
    expect((await answersKept(cluster)).mostPerJob).toBe(1)
    await expect.poll(() => leftovers(cluster), { timeout: 25_000 }).toEqual({ tasks: 0, objects: 0 })
  }, 120_000)
})
