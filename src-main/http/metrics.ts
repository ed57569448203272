import { getOrMake } from '../core/get-or-make.ts'

type Labels = Readonly<Record<string, string>>
type Kind = 'counter' | 'gauge' | 'histogram'

interface Metric {
  readonly help: string
  readonly type: Kind
  /** By labels, as they are written. */
  readonly samples: Map<string, number>
  readonly histograms: Map<string, Histogram>
}

interface Histogram {
  /** Observations up to each bound, and all. */
  counts: readonly number[]
  sum: number
}

/** Upper bounds of buckets, from a tiny network to a deep one. */
export const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300]
export const BYTES = [1e3, 1e4, 1e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 1e8]

/**
 * Counters, gauges and histograms in Prometheus' text format 0.0.4. Names and units follow
 * https://prometheus.io/docs/practices/naming: base units, `_total` on counters.
 */
export class Metrics {
  readonly #prefix: string
  readonly #metrics = new Map<string, Metric>()
  readonly #watched: (() => void)[] = []

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  count(name: string, help: string, labels: Labels = {}, by = 1): void {
    const { samples } = this.#metric(`${name}_total`, help, 'counter')
    const key = labelText(labels)
    samples.set(key, (samples.get(key) ?? 0) + by)
  }

  set(name: string, help: string, value: number, labels: Labels = {}): void {
    this.#metric(name, help, 'gauge').samples.set(labelText(labels), value)
  }

  /** A gauge that is read whenever the metrics are. */
  watch(name: string, help: string, value: () => number): void {
    this.#watched.push(() => this.set(name, help, value()))
  }

  /** Into a histogram of seconds or of bytes, by the end of its name. */
  observe(name: `${string}_seconds` | `${string}_bytes`, help: string, value: number, labels: Labels = {}): void {
    const bounds = boundsOf(name)
    const { histograms } = this.#metric(name, help, 'histogram')
    const key = labelText(labels)
    const empty = () => ({ counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 })
    const histogram = getOrMake(histograms, key, empty)
    histogram.counts = histogram.counts.map((count, i) => count + Number(value <= (bounds[i] ?? Infinity)))
    histogram.sum += value
  }

  text(): string {
    for (const read of this.#watched) read()
    const own = [...this.#metrics].map(([name, metric]) => headOf(name, metric) + linesOf(name, metric).join(''))
    return own.join('') + processText()
  }

  #metric(name: string, help: string, type: Kind): Metric {
    const full = `${this.#prefix}_${name}`
    return getOrMake(this.#metrics, full, () => ({ help, type, samples: new Map(), histograms: new Map() }))
  }
}

const boundsOf = (name: string): readonly number[] => (name.endsWith('_seconds') ? SECONDS : BYTES)

const headOf = (name: string, { help, type }: Pick<Metric, 'help' | 'type'>): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

function linesOf(name: string, { samples, histograms }: Metric): string[] {
  const plain = [...samples].map(([labels, value]) => `${name}${braced(labels)} ${value}\n`)
  const bounds = [...boundsOf(name).map(String), '+Inf']
  const buckets = [...histograms].flatMap(([labels, { counts, sum }]) => [
    ...bounds.map((bound, i) => `${name}_bucket${braced(labels, `le="${bound}"`)} ${counts[i]}\n`),
    `${name}_sum${braced(labels)} ${sum}\n`,
    `${name}_count${braced(labels)} ${counts.at(-1)}\n`,
  ])
  return [...plain, ...buckets]
}

/** What clients of Prometheus tell of every process, under the names that dashboards know. */
function processText(): string {
  const { user, system } = process.cpuUsage()
  const gauges: [string, string, Kind, number][] = [
    ['process_cpu_seconds_total', 'Processor time.', 'counter', (user + system) / 1e6],
    ['process_resident_memory_bytes', 'Resident memory.', 'gauge', process.memoryUsage.rss()],
    ['process_start_time_seconds', 'Start, in seconds since 1970.', 'gauge', performance.timeOrigin / 1000],
  ]
  return gauges.map(([name, help, type, value]) => `${headOf(name, { help, type })}${name} ${value}\n`).join('')
}

const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`)
    .join(',')

function braced(...parts: string[]): string {
  const given = parts.filter((part) => part !== '')
  return given.length === 0 ? '' : `{${given.join(',')}}`
}
