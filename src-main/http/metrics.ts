/** Counters and gauges in Prometheus' text format 0.0.4. */
export class Metrics {
  readonly #prefix: string
  readonly #values = new Map<string, { help: string; type: string; samples: Map<string, number> }>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  count(name: string, help: string, labels: Readonly<Record<string, string>> = {}, by = 1): void {
    const { samples } = this.#metric(`${name}_total`, help, 'counter')
    const key = labelText(labels)
    samples.set(key, (samples.get(key) ?? 0) + by)
  }

  set(name: string, help: string, value: number): void {
    this.#metric(name, help, 'gauge').samples.set('', value)
  }

  text(): string {
    return [...this.#values]
      .map(([name, { help, type, samples }]) =>
        [
          `# HELP ${name} ${help}`,
          `# TYPE ${name} ${type}`,
          ...[...samples].map(([labels, value]) => `${name}${labels} ${value}`),
          '',
        ].join('\n'),
      )
      .join('')
  }

  #metric(name: string, help: string, type: string) {
    const full = `${this.#prefix}_${name}`
    const metric = this.#values.get(full) ?? { help, type, samples: new Map<string, number>() }
    this.#values.set(full, metric)
    return metric
  }
}

const labelText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
