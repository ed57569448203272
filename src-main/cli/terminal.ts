import type { ErrorReport } from '../core/errors.ts'
import type { ProgressEvent, ProgressListener } from '../core/progress.ts'
import { printableName } from '../core/printable.ts'
import { wholeSeconds } from '../core/units.ts'

const CLEAR_LINE = '\r\x1b[K'
const REDRAW_MS = 80
const BAR_WIDTH = 24
/** Between lines, where stderr goes to a file or a pipe. */
const LINE_MS = 30_000

/** One line on stderr that follows a job, or a line each half minute where stderr is no terminal; warnings are kept for the end. */
export class ProgressLine {
  readonly warnings: string[] = []
  readonly #stream: NodeJS.WriteStream
  readonly #shown: boolean
  readonly #now: () => number
  #drawnAtMs = 0
  #linedAtMs: number

  constructor(stream: NodeJS.WriteStream, now: () => number = () => performance.now()) {
    this.#stream = stream
    this.#shown = stream.isTTY
    this.#now = now
    this.#linedAtMs = now()
  }

  readonly listen: ProgressListener = (event) => {
    if (event.kind === 'warning') this.warnings.push(event.message)
    else if (this.#shown) this.#draw(event)
    else this.#line(event)
  }

  #draw(event: ProgressEvent & { kind: 'stage' | 'step' }): void {
    const now = this.#now()
    if (event.kind === 'step' && event.done < event.total && now - this.#drawnAtMs < REDRAW_MS) return
    this.#drawnAtMs = now
    this.#stream.write(CLEAR_LINE + printableName(progressText(event)).slice(0, (this.#stream.columns || 80) - 1))
  }

  #line(event: ProgressEvent & { kind: 'stage' | 'step' }): void {
    const now = this.#now()
    if (now - this.#linedAtMs < LINE_MS) return
    this.#linedAtMs = now
    this.#stream.write(`${printableName(progressText(event))}\n`)
  }

  clear(): void {
    if (this.#shown) this.#stream.write(CLEAR_LINE)
  }
}

export function progressText(event: ProgressEvent & { kind: 'stage' | 'step' }): string {
  if (event.kind === 'stage') return `${event.stage} …`
  const filled = Math.round((event.done / Math.max(event.total, 1)) * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  const remaining = event.remainingMs === undefined ? '' : `  about ${wholeSeconds(event.remainingMs / 1000)} left`
  return `${event.stage}  ${bar}  ${event.done}/${event.total}${event.detail ? `  ${event.detail}` : ''}${remaining}`
}

/** What a person reads when something went wrong. */
export function errorText({ code, message, where, hint }: ErrorReport): string {
  const place = Object.entries(where ?? {}).map(([kind, name]) => `  ${kind}: ${printableName(String(name))}`)
  return [`error: ${message}`, ...place, ...(hint === undefined ? [] : [`  hint: ${hint}`]), `  (${code})`].join('\n')
}
