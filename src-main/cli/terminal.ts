import type { ErrorReport } from '../core/errors.ts'
import type { ProgressEvent, ProgressListener } from '../core/progress.ts'
import { printableName } from '../core/printable.ts'
import { seconds } from './units.ts'

const CLEAR_LINE = '\r\x1b[K'
const REDRAW_MS = 80
const BAR_WIDTH = 24

/** One line on stderr that follows a job, where stderr is a terminal; warnings are kept for the end. */
export class ProgressLine {
  readonly warnings: string[] = []
  readonly #stream: NodeJS.WriteStream
  readonly #shown: boolean
  #drawnAtMs = 0

  constructor(stream: NodeJS.WriteStream, quiet: boolean) {
    this.#stream = stream
    this.#shown = stream.isTTY && !quiet
  }

  readonly listen: ProgressListener = (event) => {
    if (event.kind === 'warning') this.warnings.push(event.message)
    else if (this.#shown) this.#draw(event)
  }

  #draw(event: ProgressEvent & { kind: 'stage' | 'step' }): void {
    const now = performance.now()
    if (event.kind === 'step' && event.done < event.total && now - this.#drawnAtMs < REDRAW_MS) return
    this.#drawnAtMs = now
    this.#stream.write(CLEAR_LINE + printableName(progressText(event)).slice(0, (this.#stream.columns || 80) - 1))
  }

  clear(): void {
    if (this.#shown) this.#stream.write(CLEAR_LINE)
  }
}

export function progressText(event: ProgressEvent & { kind: 'stage' | 'step' }): string {
  if (event.kind === 'stage') return `${event.stage} …`
  const filled = Math.round((event.done / Math.max(event.total, 1)) * BAR_WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
  const remaining = event.remainingMs === undefined ? '' : `  about ${seconds(event.remainingMs / 1000)} left`
  return `${event.stage}  ${bar}  ${event.done}/${event.total}${event.detail ? `  ${event.detail}` : ''}${remaining}`
}

/** What a person reads when something went wrong. */
export function errorText({ code, message, where, hint }: ErrorReport): string {
  const place = Object.entries(where ?? {}).map(([kind, name]) => `  ${kind}: ${printableName(String(name))}`)
  return [`error: ${message}`, ...place, ...(hint === undefined ? [] : [`  hint: ${hint}`]), `  (${code})`].join('\n')
}
