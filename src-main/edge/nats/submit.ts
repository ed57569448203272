import { setTimeout as pause } from 'node:timers/promises'
import { UserError } from '../../core/errors.ts'
import { encodeCase, type Opening } from '../../core/bundle/audit-case.ts'
import { inputSha256 } from '../../core/bundle/receipt.ts'
import { decodeResultHeader } from '../../core/bundle/result.ts'
import type { Manifest } from '../../core/bundle/manifest.ts'
import type { Plan } from '../../core/plan/plan.ts'
import { connectNats, type NatsConnection, type NatsOptions } from '../../nats/connect.ts'
import { newAnswerKeys, type AnswerKeys } from '../../nats/answer-keys.ts'
import { MAX_AGAIN, MAX_DEADLINE_MS, type Answer, type JobIdentity } from '../../nats/messages.ts'
import { makeClaim } from '../../nats/claims.ts'
import { removeObjects } from '../../nats/objects.ts'
import { answerAudits } from '../../nats/openings.ts'
import { passOn } from '../../nats/pass-on.ts'
import { persist } from '../../nats/persist.ts'
import { Queues } from '../../nats/queues.ts'
import { sha256 } from '../../files/sha256.ts'
import { Bundle, type Trust } from '../../files/open-bundle.ts'
import { seeded } from '../segment-runner.ts'
import { ownersRequests } from './owner-key.ts'
import { InputEncoder } from './task-input.ts'

/** Pauses between looks at the answer: short at first, then a third longer each time. */
const pollMs = { first: 100, most: 2_000 }

/** Encrypts inputs where they arise, submits them as jobs and waits for what the owner's gateway reveals. */
export class Submitter {
  readonly manifest: Manifest
  readonly #encoder: InputEncoder
  readonly #connection: NatsConnection
  readonly #queues: Queues
  /** Where jobs may be audited and this side has to open them. */
  readonly #isOwners: ReturnType<typeof ownersRequests> | undefined

  private constructor(bundle: Bundle, encoder: InputEncoder, connection: NatsConnection, queues: Queues) {
    const { manifest } = bundle
    this.manifest = manifest
    this.#isOwners = manifest.audit && encoder.plan.input.mode === 'encrypted' ? ownersRequests(bundle) : undefined
    this.#encoder = encoder
    this.#connection = connection
    this.#queues = queues
  }

  /** Throws UserError what opening a bundle says, segment-elsewhere, nats-unreachable, no-queues. */
  static async open(path: string, trust: Trust, nats: NatsOptions): Promise<Submitter> {
    const bundle = await Bundle.open(path, trust)
    let encoder: InputEncoder | undefined
    try {
      const { manifest } = bundle
      encoder = await InputEncoder.load(bundle)
      const connection = await connectNats(nats, 'sealwright submit')
      const queues = await Queues.open(connection, manifest.deploymentId, 'submitter').catch(async (error: unknown) => {
        await connection.close()
        throw error
      })
      return new Submitter(bundle, encoder, connection, queues)
    } catch (error) {
      await encoder?.delete()
      throw error
    } finally {
      await bundle.close()
    }
  }

  get plan(): Plan {
    return this.#encoder.plan
  }

  /**
   * Preprocessed values, `plan.batch` samples of them, to what the deployment's policy reveals. Once the job is accepted
   * it is answered, or fails with the reason, within `deadlineSeconds`. A server that is away meanwhile is waited for. A job that
   * is audited is opened meanwhile.
   * @throws UserError busy, nats-full, nats-forbidden, nats-unreachable where the job was not accepted; deadline-exceeded,
   *   job-failed where it was
   */
  async submit(values: Float64Array, deadlineSeconds: number): Promise<Record<string, unknown>> {
    const lastsMs = Math.min(1000 * deadlineSeconds, MAX_DEADLINE_MS)
    // Nodes are told a time of day; the wait here does not follow a clock that is set.
    const endMs = performance.now() + lastsMs
    const keys = newAnswerKeys()
    const job = { job: keys.job, answerKey: keys.answerKey, deadlineMs: Date.now() + lastsMs }
    const input = { ...seeded(values), job: job.job }
    const bytes = this.#encoder.encode(input)
    const answered = new AbortController()
    try {
      const told = this.#queues.listen(keys, answered.signal)
      told.catch(() => {})
      await this.#commit(job, bytes, { kind: 'values', ...input }, answered.signal)
      await this.#queue(job, bytes).catch(async (error: unknown) => {
        await removeObjects(this.#queues, job)
        throw error
      })
      return revealedBy(await Promise.race([told, this.#watch(keys, job, bytes, endMs, answered.signal)]))
    } finally {
      answered.abort()
    }
  }

  async close(): Promise<void> {
    await this.#connection.close()
    await this.#encoder.delete()
  }

  /** Says what the input is before anybody computes on it, and opens it where the owner asks. */
  async #commit(job: JobIdentity, bytes: Uint8Array, opening: Opening, signal: AbortSignal): Promise<void> {
    const isOwners = this.#isOwners
    if (!isOwners) return
    const { commitment, ciphertexts } = decodeResultHeader(bytes, 'refreshed')
    const stated = { job: job.job, commitment, inputs: ciphertexts.map((ciphertext) => ciphertext.sha256) }
    const own = inputSha256(stated, sha256)
    answerAudits(
      this.#queues,
      {
        ...{ job: job.job, segment: 0, isOwners },
        open: (receipt) =>
          inputSha256(receipt, sha256) === own ? encodeCase({ receipt, opening }, sha256) : undefined,
      },
      signal,
    )
    const claim = () => makeClaim(this.#queues, job.job, 'input', own)
    await persist(job.deadlineMs, claim, isUnreachable)
  }

  async #queue(job: JobIdentity, bytes: Uint8Array): Promise<void> {
    // A full queue, or a full server, is an answer.
    await passOn(this.#queues, ['compute', 0], job, bytes, isUnreachable)
  }

  /**
   * The answer is kept: one that was told while the connection was lost is found so. Where the server was away, it may
   * have lost what nodes had in hand: if half of the time that is left passes without an answer, the job is submitted
   * again under its own id, of which one answer comes in any case.
   */
  async #watch(
    keys: AnswerKeys,
    job: JobIdentity,
    bytes: Uint8Array,
    endMs: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    let interruptions = this.#queues.interruptions
    let againAtMs = Infinity
    let again = 0
    for (let pauseMs = pollMs.first; performance.now() < endMs && !signal.aborted; pauseMs *= 4 / 3) {
      const leftMs = Math.max(0, endMs - performance.now())
      await pause(Math.min(pauseMs, pollMs.most, leftMs), undefined, { signal }).catch(() => {})
      const answer = await this.#queues.answerOf(keys).catch(() => undefined)
      if (answer) return answer
      if (this.#queues.interruptions !== interruptions) {
        interruptions = this.#queues.interruptions
        againAtMs = (performance.now() + endMs) / 2
      }
      if (performance.now() < againAtMs || again === MAX_AGAIN) continue
      againAtMs = (performance.now() + endMs) / 2
      again += 1
      this.#queue({ ...job, again }, bytes).catch(() => {})
    }
    throw new UserError('deadline-exceeded', 'No answer came within the deadline.', {
      hint: 'Check that nodes serve every segment and that the gateway runs.',
    })
  }
}

const isUnreachable = (error: unknown): boolean => error instanceof UserError && error.code === 'nats-unreachable'

function revealedBy(answer: Answer): Record<string, unknown> {
  if ('answer' in answer) return answer.answer
  const { code, message } = answer.failure
  throw new UserError('job-failed', `The job failed: ${message} (${code})`)
}
