import { randomBytes, randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeCase, type AuditCase, type Fault } from '../../core/bundle/audit-case.ts'
import { receiptSha256, type Receipt } from '../../core/bundle/receipt.ts'
import { sha256 } from '../../files/sha256.ts'
import { writeAtomically } from '../../files/write-atomically.ts'
import { readOpening, type Auditor } from './auditor.ts'

/** Asks a node to open a receipt, until the signal: resolves with an audit case as bytes. Several may be asked for at once. */
export type ShowOpening = (receipt: Receipt, signal: AbortSignal) => Promise<Uint8Array | undefined>

/** Who answers for a receipt, each by the fingerprint of a token or the name that a work queue knows it by. */
export interface Accountable {
  /** Who computed. */
  readonly computed: string
  /** Who has to open the input. */
  readonly opens: string
}

export interface AuditOptions {
  readonly auditor: Auditor
  /** Folder for the evidence against nodes that were caught. */
  readonly evidence: string
  /** Within which a node has to open a job. */
  readonly openingMs: number
}

/** What a failed audit found. */
export interface Caught {
  /** Of the receipt, from 0. */
  readonly segment: number
  readonly fault: Fault
  readonly evidence: string
}

const finest = 2 ** 47

/** True with this probability. The node has committed itself by then, and cannot know. */
export const drawCoin = (rate: number): boolean => randomInt(finest) < rate * finest

/** Who is at fault: only a wrong output is the doing of whoever computed, where another had to open the input. */
export const culpritOf = (fault: Fault, { computed, opens }: Accountable): string =>
  fault === 'output' ? computed : opens

/**
 * Has all receipts of a result opened and computed again. Undefined where all agree; else evidence is on disk that anybody with
 * the bundle can check. @throws UserError auditor-unreachable, not-writable, disk-full
 */
export async function auditReceipts(
  receipts: readonly Receipt[],
  show: ShowOpening,
  options: AuditOptions,
): Promise<Caught | undefined> {
  // All at once: a node that waits for the replay of another's part may have forgotten its own.
  const openings = await Promise.all(receipts.map((receipt) => openingOf(receipt, show, options.openingMs)))
  for (const [i, receipt] of receipts.entries()) {
    const shown = openings[i]
    const finding = shown?.opening
      ? await options.auditor.replay({ receipt, opening: shown.opening })
      : { agrees: false, fault: 'no-opening' as const }
    if (finding.agrees) continue
    const evidence = { receipt, ...(shown?.opening && { opening: shown.opening }), finding }
    const { segment } = receipt
    return { segment, fault: finding.fault ?? 'output', evidence: await writeEvidence(evidence, options.evidence) }
  }
  return undefined
}

async function openingOf(receipt: Receipt, show: ShowOpening, withinMs: number): Promise<AuditCase | undefined> {
  const identity = receiptSha256(receipt, sha256)
  const late = AbortSignal.timeout(withinMs)
  const none = new Promise<undefined>((resolve) => {
    late.addEventListener('abort', () => {
      resolve(undefined)
    })
  })
  const file = await Promise.race([show(receipt, late).catch(() => undefined), none])
  return file && readOpening(file, (shown) => receiptSha256(shown.receipt, sha256) === identity)
}

/** A node that is blocked cannot fill the folder. */
async function writeEvidence(evidence: AuditCase, folder: string): Promise<string> {
  const { job, segment } = evidence.receipt
  const path = join(folder, `${job}-${segment}-${randomBytes(4).toString('hex')}.evidence`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeAtomically(path, { mode: 0o600 }, (file) => file.writeFile(encodeCase(evidence, sha256)))
  return path
}
