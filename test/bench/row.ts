import type { EdgeMeasurement } from './edge.ts'

/** What `npm run bench` measures of one network; its `--json` is a list of these. */
export interface BenchRow {
  readonly network: string
  readonly input: string
  readonly evaluator: string
  readonly threads: number
  readonly batch: number
  readonly imagesPerSecond: number
  readonly polyModulusDegree: number
  readonly wallMs: number
  /** Processor time of one input, of all threads together. */
  readonly cpuMs: number
  readonly rotationMs: number
  readonly wallOverR: number
  /** Of one input at N = 16384 with 10 primes: the kernels' time by node-seal's, in this run. */
  readonly encryptionRatio: number
  readonly encryptMs: number
  readonly products: number
  readonly rotations: number
  readonly relinearisations: number
  readonly outsideSealPercent: number | null
  readonly peakRssBytes: number
  readonly rssBytes: readonly [number, number]
  readonly bundleBytes: number
  readonly keyBytes: number
  readonly planMs: number
  readonly exportMs: number
  readonly loadMs: number
  /** Processor time of loading, of all threads together. */
  readonly loadCpuMs: number
  readonly layers: EdgeMeasurement['layers']
  /** Largest difference from the polynomial network, over the largest of its outputs. */
  readonly worstRelativeError: number
  readonly labelsEqual: string
}
