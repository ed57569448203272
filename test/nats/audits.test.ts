import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { Auditor } from '../../src-main/audit/auditor.ts'
import { decodeCase } from '../../src-main/core/bundle/audit-case.ts'
import { inputSha256, type Receipt } from '../../src-main/core/bundle/receipt.ts'
import { decodeResult, decodeResultHeader, encodeResult } from '../../src-main/core/bundle/result.ts'
import { noLog } from '../../src-main/core/log.ts'
import { silent } from '../../src-main/core/progress.ts'
import { parseSplit } from '../../src-main/core/segment/cut.ts'
import { planSegments } from '../../src-main/core/segment/plan-segments.ts'
import { runSegmentsInTheClear } from '../../src-main/core/segment/run-in-the-clear.ts'
import { serveQueues, type Node } from '../../src-main/edge/nats/node.ts'
import { Submitter } from '../../src-main/edge/nats/submit.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { newAnswerKeys, type AnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { makeClaim } from '../../src-main/nats/claims.ts'
import { connectNats, type NatsOptions } from '../../src-main/nats/connect.ts'
import { decodeTask } from '../../src-main/nats/messages.ts'
import { getObject, listObjects, removeObject } from '../../src-main/nats/objects.ts'
import { askForOpening } from '../../src-main/nats/openings.ts'
import { passOn } from '../../src-main/nats/pass-on.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'
import { openDesk, type Desk } from '../../src-main/owner/gateway/desk.ts'
import { answerQueues, type AnsweringQueues } from '../../src-main/owner/gateway/queues.ts'
import type { Account } from '../../src-main/owner/budget/ledger.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { Signer } from '../../src-main/owner/sign.ts'
import { tinySegment } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { residual } from '../segment/residual.ts'
import { startDocumentedServer, tlsFile } from './documented-server.ts'
import { startLyingNode, type Lie } from './lying-node.ts'
import { encodeInput, leftovers } from './trials.ts'
import { tinyQuestion } from './tiny.ts'

const runner = { threads: 1, evaluator: 'kernels' } as const
const audit = { rate: 1 }
const failed = expect.objectContaining({ code: 'job-failed' })
/** A right ciphertext with the wrong content. */
const turned: Lie = (ciphertexts) => ({
  ciphertexts: ciphertexts.map((bytes) => bytes.map((byte, i) => (i === 113 ? byte ^ 1 : byte))),
})

/** The owner's side of a deployment, with an auditor in this process. */
class Owner {
  readonly desk: Desk
  readonly evidence: string
  readonly #queues: AnsweringQueues
  readonly #auditor: Auditor
  readonly #keysFolder: string
  readonly #id: string

  private constructor(desk: Desk, queues: AnsweringQueues, auditor: Auditor, evidence: string, keysFolder: string) {
    this.desk = desk
    this.#queues = queues
    this.#auditor = auditor
    this.evidence = evidence
    this.#keysFolder = keysFolder
    this.#id = desk.deployments[0].id
  }

  static async start(folder: string, nats: NatsOptions, areNamed: boolean, openingMs = 2_000): Promise<Owner> {
    const auditor = await Auditor.open({ bundles: [join(folder, 'tiny.sealed')], trust: {}, threads: 1 })
    const evidence = join(folder, 'evidence')
    const keysFolder = join(folder, 'keys')
    const desk = await openDesk({
      ...{ keysFolder, unlock: { passphrase }, auditLog: join(folder, 'audit.log') },
      ...{ perMinute: 10_000, quota: 1_000, loadsRefreshes: true },
      audits: { auditor: { replay: (audited) => auditor.audit(audited) }, evidence, openingMs },
    })
    const queues = await answerQueues(desk, { nats, limit: 16, areNamed })
    return new Owner(desk, queues, auditor, evidence, keysFolder)
  }

  account(): Promise<Account> {
    return new KeyStore(this.#keysFolder).ledger.read(this.#id)
  }

  async forgive(): Promise<void> {
    await new KeyStore(this.#keysFolder).ledger.update(this.#id, (account) => ({ ...account, blocked: [] }))
    await rm(this.evidence, { recursive: true, force: true })
  }

  /** What each evidence file states, which a replay confirms. */
  async faults(): Promise<string[]> {
    const names = await readdir(this.evidence)
    const cases = await Promise.all(
      names.map(async (name) => decodeCase(await readFile(join(this.evidence, name)), sha256)),
    )
    for (const given of cases) expect(await this.#auditor.audit(given)).toEqual(given.finding)
    return cases.map(({ receipt, finding }) => `${receipt.segment} ${finding!.fault}`)
  }

  async close(): Promise<void> {
    await this.#queues.close()
    await this.desk.close()
    await this.#auditor.close()
  }
}

describe('audits over NATS, with the documented configuration', () => {
  let folder: string
  let id: string
  let bundle: string
  let server: NatsServer
  let owner: Owner
  const nodes: Node[] = []
  const natsOf = async (user: string): Promise<NatsOptions> => ({
    ...{ url: `tls://localhost:${server.port}`, authority: await readFile(tlsFile('insecure-test.crt'), 'utf8') },
    ...{ user, password: `${user}-password` },
  })
  const enter = async (user: string) =>
    await Queues.open(await connectNats(await natsOf(user), user), id, user === 'camera' ? 'submitter' : 'node')
  const startNode = async (n: number): Promise<Node> => {
    const options = { bundle, trust: {}, runner, nats: await natsOf(`node${n}`), segments: [n - 1] }
    const node = await serveQueues(options, silent)
    nodes.push(node)
    return node
  }
  const stopNode = async (node: Node): Promise<void> => {
    nodes.splice(nodes.indexOf(node), 1)
    await node.close()
  }
  const submit = async (deadlineSeconds = 60): Promise<boolean> => {
    const submitter = await Submitter.open(bundle, {}, await natsOf('camera'))
    try {
      const { input, label } = tinyQuestion()
      return (await submitter.submit(input, deadlineSeconds)).label === label
    } finally {
      await submitter.close()
    }
  }

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    bundle = join(folder, 'tiny.sealed')
    const segments = [tinySegment([1, 2, 2]), tinySegment([3, 1, 1])]
    id = (await exportTiny(folder, { segments, audit })).deploymentId
    server = await startDocumentedServer(folder, id)
    owner = await Owner.start(folder, await natsOf('owner'), true)
  }, 60_000)
  afterAll(async () => {
    for (const node of nodes) await node.close()
    await owner.close()
    await server.stop()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => owner.forgive())

  it('pass for honest parties, for the refresh and for the answer, and leave nothing behind', async () => {
    await Promise.all([startNode(1), startNode(2)])
    for (let i = 0; i < 3; i++) expect(await submit()).toBe(true)
    expect(await owner.account()).toMatchObject({ blocked: [], spentBits: 0, audits: { passed: 6, failed: 0 } })
    const connection = await connectNats(await natsOf('owner'), 'test')
    const objects = await Queues.open(connection, id)
    await expect.poll(() => listObjects(objects), { timeout: 25_000 }).toEqual([])
    await connection.close()
  }, 60_000)

  it.each([
    ['first', 1, '0 output'],
    ['last', 2, '1 output'],
  ])(
    'block the node of the %s segment that lies, and nobody else',
    async (_, n, fault) => {
      const queues = await enter(`node${n}`)
      await stopNode(nodes.find(({ segments }) => segments[0] === n - 1)!)
      const stop = await startLyingNode(queues, bundle, n - 1, turned)
      await expect(submit()).rejects.toThrow(failed)
      expect((await owner.account()).blocked.map(({ token }) => token)).toEqual([`nats:node${n}`])
      expect(await owner.faults()).toEqual([fault])
      // Nothing more of it is looked at.
      const { audits } = await owner.account()
      await expect(submit()).rejects.toThrow(failed)
      expect((await owner.account()).audits.failed).toBe(audits.failed)
      await stop()
      await queues.connection.close()
      await startNode(n)
    },
    60_000,
  )

  it('block a node that opens nothing', async () => {
    const queues = await enter('node2')
    await stopNode(nodes.find(({ segments }) => segments[0] === 1)!)
    const stop = await startLyingNode(queues, bundle, 1, (ciphertexts) => ({ ciphertexts }), false)
    await expect(submit()).rejects.toThrow(failed)
    expect((await owner.account()).blocked.map(({ token }) => token)).toEqual(['nats:node2'])
    expect(await owner.faults()).toEqual(['1 no-opening'])
    await stop()
    await queues.connection.close()
    await startNode(2)
  }, 60_000)

  describe('submitted by a camera of another kind', () => {
    let queues: Queues
    let keys: AnswerKeys
    let file: Uint8Array
    const refused = () =>
      expect.poll(() => queues.answerOf(keys), { timeout: 30_000 }).toMatchObject({ failure: { code: 'refused' } })

    beforeEach(async () => {
      queues = await enter('camera')
      keys = newAnswerKeys()
      const made = await encodeInput({ id, bundle, keysFolder: '', passphrase }, tinyQuestion().input)
      file = encodeResult({ ...decodeResult(made, sha256, 'refreshed'), job: keys.job }, sha256, 'refreshed')
    })
    afterEach(() => queues.connection.close())
    const hand = async () => {
      const { job, answerKey } = keys
      await passOn(queues, ['compute', 0], { job, answerKey, deadlineMs: Date.now() + 60_000 }, file)
    }

    it('block it where it shows no input, and not the node that computed on it', async () => {
      const { commitment, ciphertexts } = decodeResultHeader(file, 'refreshed')
      const stated = { job: keys.job, commitment, inputs: ciphertexts.map((each) => each.sha256) }
      await makeClaim(queues, keys.job, 'input', inputSha256(stated, sha256))
      await hand()
      await refused()
      expect((await owner.account()).blocked.map(({ token }) => token)).toEqual(['nats:camera'])
      expect(await owner.faults()).toEqual(['0 no-opening'])
    }, 60_000)

    it('answer no job of which it has claimed nothing, and blame nobody', async () => {
      await hand()
      await refused()
      expect((await owner.account()).blocked).toEqual([])
      expect(await readFile(join(folder, 'audit.log'), 'utf8')).toContain('"reason":"no-claim"')
    }, 60_000)
  })

  it('take a job for late that leaves no time to open it', async () => {
    await expect(submit(4)).rejects.toThrow(expect.objectContaining({ code: 'deadline-exceeded' }))
    expect(await submit()).toBe(true)
  }, 60_000)
})

describe('audits over NATS where the server names nobody', () => {
  const planned = planSegments(residual('shallow'), parseSplit('c1:hand-off'), {})
  const values = Float64Array.from({ length: 128 }, (_, i) => Math.sin(i))
  const outputs = runSegmentsInTheClear(planned, values)
  const label = outputs.indexOf(Math.max(...outputs))
  let folder: string
  let id: string
  let bundle: string
  let server: NatsServer
  let owner: Owner
  let nodes: Node[]

  const start = (segment: number) =>
    serveQueues({ bundle, trust: {}, runner, nats: { url: server.url }, segments: [segment] }, silent)
  const submit = async (): Promise<unknown> => {
    const submitter = await Submitter.open(bundle, {}, { url: server.url })
    return await submitter
      .submit(values, 60)
      .then((answer) => answer.label)
      .finally(() => submitter.close())
  }

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    bundle = join(folder, 'tiny.sealed')
    id = (await exportTiny(folder, { ...planned, audit })).deploymentId
    server = await startNatsServer({ folder })
    owner = await Owner.start(folder, { url: server.url }, false)
    nodes = [await start(0), await start(1)]
  }, 60_000)
  afterAll(async () => {
    for (const node of nodes) await node.close()
    await owner.close()
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('go through a chain of nodes one by one, each opening its own part', async () => {
    expect(await submit()).toBe(label)
    expect(await owner.account()).toMatchObject({ blocked: [], audits: { passed: 1, failed: 0 } })
  }, 60_000)

  it('show an input to the owner alone, who signs for it', async () => {
    const stranger = Signer.generate()
    const queues = await Queues.open(await connectNats({ url: server.url }, 'stranger'), id)
    const signs = {
      owner: (bytes: Uint8Array) => owner.desk.sign(id, bytes),
      stranger: (bytes: Uint8Array) => ({ signer: stranger.publicDer, signature: stranger.signBytes(bytes) }),
      // The owner's word for another request.
      copied: () => owner.desk.sign(id, new TextEncoder().encode('sealwright opening request')),
    }
    const submitter = await Submitter.open(bundle, {}, { url: server.url })
    // The node of the last segment is away, so that the job stays open.
    await nodes[1].close()
    const waiting = submitter.submit(values, 15).catch(() => 'late')
    const made = await takeHanded(queues)
    const ask = (sign: (typeof signs)['owner']) =>
      askForOpening(
        queues,
        { receipt: made, deadlineMs: Date.now() + 60_000, sign, isIt: () => true },
        AbortSignal.timeout(2_500),
      )
    expect(await ask(signs.stranger)).toBeUndefined()
    expect(await ask(signs.copied)).toBeUndefined()
    expect(decodeCase((await ask(signs.owner))!, sha256).opening).toMatchObject({ kind: 'values', values })
    await waiting
    await submitter.close()
    await queues.connection.close()
    nodes[1] = await start(1)
  }, 60_000)

  /** The receipt of the first segment, of the job that waits for the second. */
  async function takeHanded(queues: Queues): Promise<Receipt> {
    let receipt: Receipt | undefined
    const taken = new AbortController()
    const take = async ({ text }: { readonly text: string }) => {
      const { object } = decodeTask(text)!
      const file = await getObject(queues, object)
      receipt = decodeResultHeader(file!, 'handed').receipts![0]
      taken.abort()
      return { cleanUp: () => removeObject(queues, object) }
    }
    await takeTasks(queues, ['compute', 1], take, taken.signal, noLog)
    return receipt!
  }

  it('blame nobody for a receipt that a node makes in the name of another', async () => {
    const queues = await Queues.open(await connectNats({ url: server.url }, 'liar'), id)
    await nodes[1].close()
    const stop = await startLyingNode(queues, bundle, 1, (ciphertexts, [before]) => ({
      ciphertexts,
      before: [{ ...before, inputs: ['ab'.repeat(32)] }],
    }))
    await expect(submit()).rejects.toThrow(failed)
    expect((await owner.account()).blocked).toEqual([])
    await stop()
    await queues.connection.close()
    nodes[1] = await start(1)
  }, 60_000)

  it('find the lie at its place in the chain, and block all of NATS for it', async () => {
    const queues = await Queues.open(await connectNats({ url: server.url }, 'liar'), id)
    await nodes[0].close()
    const stop = await startLyingNode(queues, bundle, 0, turned)
    await expect(submit()).rejects.toThrow(failed)
    expect((await owner.account()).blocked.map(({ token }) => token)).toEqual(['nats'])
    expect(await owner.faults()).toEqual(['0 output'])
    await stop()
    await queues.connection.close()
    await owner.forgive()
    const cluster = { deployment: { id }, server } as Parameters<typeof leftovers>[0]
    await expect.poll(() => leftovers(cluster), { timeout: 25_000 }).toEqual({ tasks: 0, objects: 0 })
  }, 60_000)
})
