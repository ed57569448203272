import { z } from 'zod'
import { encodeCase, judge, type AuditCase, type Finding } from '../../core/bundle/audit-case.ts'
import { decodeResult, isKind, MAX_RESULT_BYTES } from '../../core/bundle/result.ts'
import { UserError } from '../../core/errors.ts'
import { sha256 } from '../../files/sha256.ts'
import { ask } from '../../http/ask.ts'
import type { Auditor, AuditorAddress } from './auditor.ts'

const errorSchema = z.object({ error: z.object({ code: z.string() }) })
const timeoutMs = 600_000
/** What is wrong with an opening, and not with the edge that is asked. */
const unusable = ['wrong-shape', 'input-out-of-range', 'damaged-data', 'damaged-case']

/**
 * Another edge with the same bundle in place of an auditor: it computes the job too, and the hashes are compared. Which of the
 * two lied when they differ is for a replay of the evidence to say; two that lie together agree.
 */
export class SecondEdge implements Auditor {
  readonly #address: AuditorAddress

  constructor(address: AuditorAddress) {
    this.#address = address
  }

  /** @throws UserError auditor-unreachable */
  async replay(audited: AuditCase): Promise<Finding> {
    const { status, bytes } = await ask({
      ...{ ...this.#address, path: '/v1/run', whom: 'The second edge' },
      ...{ body: encodeCase(audited, sha256), type: 'application/octet-stream' },
      ...{ timeoutMs, maxReplyBytes: MAX_RESULT_BYTES },
    }).catch((cause: unknown) => {
      throw unreachable(cause)
    })
    if (status === 200) return this.#compare(audited, bytes)
    const code = codeOf(bytes)
    if (unusable.includes(code)) return { agrees: false, fault: 'unusable' }
    throw unreachable(code)
  }

  #compare({ receipt }: AuditCase, file: Uint8Array): Finding {
    const other = receiptIn(file)
    // Two families of evaluators give different bits, and neither lies.
    const isComparable = other?.evaluator === receipt.evaluator && other.segment === receipt.segment
    if (!isComparable) throw unreachable('it computed something else, or with other evaluators')
    return judge(receipt, other)
  }
}

function receiptIn(file: Uint8Array) {
  try {
    const { receipts, ciphertexts } = decodeResult(file, sha256, isKind(file, 'handed') ? 'handed' : 'result')
    const receipt = receipts?.at(-1)
    return receipt && { ...receipt, outputs: ciphertexts.map(sha256) }
  } catch (cause) {
    throw unreachable(cause)
  }
}

function codeOf(bytes: Uint8Array): string {
  try {
    return errorSchema.parse(JSON.parse(new TextDecoder().decode(bytes))).error.code
  } catch {
    return ''
  }
}

const unreachable = (cause: unknown): UserError =>
  new UserError('auditor-unreachable', 'The second edge gave no result to compare.', {
    hint: 'An audited job is not answered without one. Check that it serves every segment of the bundle with the kernels.',
    cause,
  })
