import type { AuditEvent } from './audit-record.ts'

/**
 * Writes refusals so that no flood of them fills the disk: the first of a kind at once, those alike that follow within the
 * interval as one record with their number. Kinds differ by deployment, token and reason, which are known ones: they are few.
 */
export class Refusals {
  readonly #write: (event: AuditEvent) => Promise<void>
  readonly #everyMs: number
  readonly #now: () => number
  readonly #kinds = new Map<string, { event: AuditEvent; more: number; sinceMs: number }>()

  constructor(
    write: (event: AuditEvent) => Promise<void>,
    everyMs = 600_000,
    now: () => number = () => performance.now(),
  ) {
    this.#write = write
    this.#everyMs = everyMs
    this.#now = now
  }

  async note(event: AuditEvent): Promise<void> {
    const key = JSON.stringify([event.deployment, event.token, event.reason])
    const kind = this.#kinds.get(key)
    if (kind && this.#now() - kind.sinceMs < this.#everyMs) {
      kind.more += 1
      return
    }
    this.#kinds.set(key, { event, more: 0, sinceMs: this.#now() })
    await this.#write({ ...event, ...(kind && kind.more > 0 && { count: kind.more + 1 }) })
  }

  /** Writes what is not yet written. */
  async flush(): Promise<void> {
    for (const kind of this.#kinds.values()) {
      const { event, more } = kind
      kind.more = 0
      if (more > 0) await this.#write({ ...event, count: more })
    }
  }
}
