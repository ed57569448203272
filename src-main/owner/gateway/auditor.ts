import { z } from 'zod'
import { decodeCase, encodeCase, findingSchema, type AuditCase, type Finding } from '../../core/bundle/audit-case.ts'
import { UserError } from '../../core/errors.ts'
import { sha256 } from '../../files/sha256.ts'
import { ask } from '../../http/ask.ts'

/** Who computes a job again: a process with the bundle and no secret, or another edge. */
export interface Auditor {
  /** @throws UserError auditor-unreachable */
  replay(audited: AuditCase): Promise<Finding>
}

export interface AuditorAddress {
  readonly url: string
  readonly token?: string
}

const replySchema = z.object({ finding: findingSchema })

/** It waits its turn there. */
const timeoutMs = 600_000
const maxReplyBytes = 2 ** 22

/** The auditor that `sealwright audit serve` runs. */
export class RemoteAuditor implements Auditor {
  readonly #address: AuditorAddress

  constructor(address: AuditorAddress) {
    this.#address = address
  }

  async replay(audited: AuditCase): Promise<Finding> {
    const { status, bytes } = await ask({
      ...{ ...this.#address, path: '/v1/audit', whom: 'The auditor' },
      ...{ body: encodeCase(audited, sha256), type: 'application/octet-stream', timeoutMs, maxReplyBytes },
    }).catch((cause: unknown) => {
      throw unreachable(cause)
    })
    if (status !== 200) throw unreachable(`status ${status}`)
    try {
      return replySchema.parse(JSON.parse(new TextDecoder().decode(bytes))).finding
    } catch (cause) {
      throw unreachable(cause)
    }
  }
}

const unreachable = (cause: unknown): UserError =>
  new UserError('auditor-unreachable', 'The auditor did not answer with a finding.', {
    hint: 'An audited job is not answered without one. Check that `sealwright audit serve` runs on the bundle.',
    cause,
  })

/** What a node shows of a receipt's job; undefined where it is no opening of that receipt. */
export function readOpening(file: Uint8Array, isOfReceipt: (shown: AuditCase) => boolean): AuditCase | undefined {
  try {
    const shown = decodeCase(file, sha256)
    return isOfReceipt(shown) ? shown : undefined
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}
