import { receiptSha256, type Receipt } from '../../src-main/core/bundle/receipt.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { noLog } from '../../src-main/core/log.ts'
import { silent } from '../../src-main/core/progress.ts'
import { computeJob, openingOf } from '../../src-main/edge/compute-job.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { ownersRequests } from '../../src-main/edge/nats/owner-key.ts'
import { decodeTaskInput } from '../../src-main/edge/nats/task-input.ts'
import { encodeCase } from '../../src-main/core/bundle/audit-case.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { makeClaim } from '../../src-main/nats/claims.ts'
import { decodeTask } from '../../src-main/nats/messages.ts'
import { getObject } from '../../src-main/nats/objects.ts'
import { answerAudits } from '../../src-main/nats/openings.ts'
import { passOn } from '../../src-main/nats/pass-on.ts'
import type { Queues } from '../../src-main/nats/queues.ts'
import { takeTasks } from '../../src-main/nats/take-tasks.ts'

/** What a node says in place of what it computed. */
export type Lie = (ciphertexts: readonly Uint8Array[], receipts: readonly Receipt[]) => Told
export interface Told {
  readonly ciphertexts: readonly Uint8Array[]
  /** Of the segments before, where they are told otherwise too. */
  readonly before?: readonly Receipt[]
}

/** A node that does all that a node does, but returns something else. Resolves with what stops it. */
export async function startLyingNode(
  queues: Queues,
  path: string,
  segment: number,
  lie: Lie,
  opens = true,
): Promise<() => Promise<void>> {
  const bundle = await Bundle.open(path)
  const plan = await bundle.plan(bundle.segment(segment))
  const runner = await loadRunner(bundle, segment, { threads: 1, evaluator: 'kernels' })
  const stopped = new AbortController()
  const cases = new Map<string, Uint8Array>()
  if (opens) {
    const isOwners = ownersRequests(bundle)
    const open = (receipt: Receipt) => cases.get(receiptSha256(receipt, sha256))
    answerAudits(queues, { job: '*', segment, isOwners, open }, stopped.signal)
  }
  const working = takeTasks(
    queues,
    ['compute', segment],
    async ({ text }) => {
      const task = decodeTask(text)!
      const bytes = (await getObject(queues, task.object))!
      const job = decodeTaskInput(bytes, task.job, bundle, segment, plan)
      const honest = await computeJob(bundle, runner, job, silent)
      const isHanded = bundle.cutAfter(segment) === 'hand-off'
      const kind = isHanded ? 'handed' : 'result'
      const { receipts: all = [], ...result } = decodeResult(honest.file, sha256, kind)
      const { ciphertexts, before = all.slice(0, -1) } = lie(result.ciphertexts, all)
      const receipt = { ...honest.receipt, outputs: ciphertexts.map(sha256) }
      cases.set(receiptSha256(receipt, sha256), encodeCase({ receipt, opening: openingOf(job) }, sha256))
      const file = encodeResult({ ...result, ciphertexts, receipts: [...before, receipt] }, sha256, kind)
      await makeClaim(queues, task.job, segment, receiptSha256(receipt, sha256))
      await passOn(queues, isHanded ? ['compute', segment + 1] : ['open', segment], task, file)
      return {}
    },
    stopped.signal,
    noLog,
  )
  return async () => {
    stopped.abort()
    await working
    await runner.delete()
    await bundle.close()
  }
}
