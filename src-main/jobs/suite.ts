import { present } from '../core/must.ts'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recommend, type Candidate, type DeploymentChoice } from '../core/compile/candidates.ts'
import { CancelledError, UserError } from '../core/errors.ts'
import { sizeOf } from '../core/network/layer-model.ts'
import { gaussian } from '../core/numeric/normal-numbers.ts'
import { randomNumbers } from '../core/numeric/random-numbers.ts'
import { throwIfCancelled, type WorkContext } from '../core/progress.ts'
import { npyFile } from '../data/npy-file.ts'
import { preprocess } from '../data/preprocess.ts'
import { readLabels } from '../data/read-labels.ts'
import { readSamples } from '../data/read-samples.ts'
import { advise } from './advise.ts'
import type { PreprocessingChoice } from './calibration.ts'
import { describeBundle } from './edge-bundle.ts'
import { openNetwork } from './open-network.ts'
import { sealAndTry, type SealAndTryResult } from './seal-and-try.ts'
import { trialFolders } from './seal-for-trial.ts'
import {
  DEPLOYMENTS,
  emptyRow,
  known,
  plannedRow,
  sum,
  triedFigures,
  type Deployment,
  type SuiteRow,
} from './suite-row.ts'
import { validate } from './validate.ts'

export interface SuiteNetwork {
  readonly network: string
  readonly model: string
  readonly preprocessing: PreprocessingChoice
  readonly data: SuiteData | RandomData
}

export interface SuiteData {
  /** Without labels. */
  readonly calibration: string
  readonly test: string
  readonly labels?: string
  /** Of calibration and of test, at most, evenly spaced. */
  readonly maxSamples?: number
}

/** Where no data can be had: values of a normal distribution, the same in each run. */
export interface RandomData {
  readonly mean: number
  readonly deviation: number
  /** Of calibration and of test, each. */
  readonly samples: number
}

export interface SuiteRequest {
  readonly networks: readonly SuiteNetwork[]
  readonly deployments: readonly Deployment[]
  /** Samples of the test data that each deployment runs encrypted. */
  readonly encrypted: number
  /** A recommended deployment that would take more memory at the edge is planned and not run. */
  readonly maxMemoryBytes: number
}

type Limits = Pick<SuiteRequest, 'encrypted' | 'maxMemoryBytes'>

const EXACT: DeploymentChoice = {
  degree: 2,
  degrees: {},
  splitPools: false,
  split: { by: 'activations', kind: 'exact' },
}
const REFRESHES = 2

/**
 * Networks from their files to decrypted labels: advised, approximated, sealed under throw-away keys, run by another
 * process, opened and compared with the original. Each row is handed to `onRow` as it is made; a network that fails
 * does not end the others. Nothing but the rows is kept. @throws CancelledError; UserError of the temporary folder
 */
export async function runSuite(
  { networks, deployments, ...limits }: SuiteRequest,
  work: WorkContext,
  onRow: (row: SuiteRow) => Promise<void> | void,
): Promise<SuiteRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-suite-'))
  const rows: SuiteRow[] = []
  try {
    const prepared = networks.map(
      (network, i) => new PreparedNetwork(network, join(folder, String(i)), deployments, limits),
    )
    // Exact deployments need no advice: they come first, so that an early end leaves most.
    for (const deployment of DEPLOYMENTS.toReversed().filter((each) => deployments.includes(each))) {
      for (const network of prepared) {
        throwIfCancelled(work)
        const row = await network.row(deployment, named(work, `${network.name}, ${deployment}`))
        rows.push(row)
        await onRow(row)
      }
    }
    return rows
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

class PreparedNetwork {
  readonly name: string
  readonly #network: SuiteNetwork
  readonly #folder: string
  readonly #limits: Limits
  /** Of the deployments that are asked for: others are not searched. */
  readonly #mostRefreshes: number
  #data: SuiteData | undefined
  #candidates: readonly Candidate[] | undefined

  constructor(network: SuiteNetwork, folder: string, deployments: readonly Deployment[], limits: Limits) {
    this.name = network.network
    this.#network = network
    this.#folder = folder
    this.#limits = limits
    this.#mostRefreshes = deployments.includes('two-refreshes') ? REFRESHES : 0
  }

  async row(deployment: Deployment, work: WorkContext): Promise<SuiteRow> {
    const empty = emptyRow(this.name, deployment, 'deviation' in this.#network.data)
    try {
      const candidate = deployment === 'exact' ? undefined : await this.#recommended(deployment, work)
      if (candidate && candidate.edgeMemoryBytes > this.#limits.maxMemoryBytes) return plannedRow(empty, candidate)
      return await this.#run(empty, candidate ?? { ...EXACT, cuts: [] }, work)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { ...empty, state: 'impossible', problem: error.message }
    }
  }

  async #recommended(deployment: Deployment, work: WorkContext): Promise<Candidate> {
    const maxRefreshes = deployment === 'offline' ? 0 : REFRESHES
    const goal = deployment === 'offline' ? 'offline' : 'small'
    const { model, preprocessing } = this.#network
    const { calibration, maxSamples } = await this.#opened()
    if (this.#candidates === undefined) {
      const asked = { model, preprocessing, calibration, maxSamples, maxRefreshes: this.#mostRefreshes }
      const advice = await advise({ ...asked, goal, input: 'encrypted', force: false }, work)
      if (!advice.complete) throw new CancelledError()
      this.#candidates = advice.candidates
    }
    const chosen = recommend(this.#candidates, goal, { maxRefreshes })
    if (chosen) return chosen
    throw new UserError('too-deep', `No deployment with ${maxRefreshes} refreshes can be planned.`)
  }

  async #run(empty: SuiteRow, { cuts, ...choice }: DeploymentChoice & Pick<Candidate, 'cuts'>, work: WorkContext) {
    const { encrypted } = this.#limits
    const { model, preprocessing } = this.#network
    const { calibration, test, labels, maxSamples } = await this.#opened()
    const { degree, degrees, splitPools, split } = choice
    const fits = join(this.#folder, 'fits')
    const request = { model, preprocessing, calibration, maxSamples, degree, degrees, splitPools, split, fits }
    const report = await validate({ ...request, data: test, labels, encrypted: 0, force: false }, work)
    const truths = labels === undefined ? undefined : await readLabels(labels)
    const folder = await mkdtemp(join(this.#folder, 'trial-'))
    try {
      const inputs = Array.from({ length: Math.min(encrypted, report.samples) }, (_, index) => ({
        ...{ path: test, index },
        ...(truths && { truth: truths[index] }),
      }))
      const sealed = await sealAndTry({ ...request, input: 'encrypted', inputs, folder }, work)
      const changed = await this.#scoreChange(sealed, test)
      const { edge } = trialFolders(folder)
      const [bundle = ''] = (await readdir(edge)).filter((name) => name.endsWith('.sealed'))
      const { segments } = await describeBundle({ bundle: join(edge, bundle) }, work)
      const memories = segments.map(({ evaluator }) => evaluator.memoryBytes)
      return {
        ...empty,
        choice: { degree, degrees, splitPools, split, cuts },
        samples: report.samples,
        originalAccuracy: report.original.accuracy ?? null,
        approximatedAccuracy: report.polynomial.accuracy ?? null,
        ...triedFigures(sealed, report.polynomial.agreement),
        ...(report.quantised?.outputStep !== undefined && {
          clearSamples: report.samples - report.quantised.tied,
          keptClear: report.quantised.polynomialAgreement,
        }),
        scoreChange: changed,
        edgeMemoryBytes: known(memories, sum),
        bundleBytes: sealed.bundleBytes,
        segments: segments.length,
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Null where the outputs are no reconstruction of the input. */
  async #scoreChange({ tested, kept }: SealAndTryResult, test: string): Promise<number | null> {
    if (kept?.judgedBy !== 'relative-error') return null
    const { model, preprocessing } = this.#network
    const { shape } = (await openNetwork({ model })).input
    if (tested.samples.some(({ scores }) => scores.original.length !== sizeOf(shape))) return null
    const changes = tested.samples.map(async ({ index, scores }) => {
      const source = await readSamples(test, { shape, index, layout: preprocessing.layout })
      const input = preprocess(source.sample(0), { ...preprocessing, layout: preprocessing.layout ?? source.layout })
      const distance = (output: readonly number[]): number =>
        sum(output.map((value, k) => (value - present(input[k])) ** 2))
      return scores.encrypted ? Math.abs(distance(scores.encrypted) / distance(scores.original) - 1) : Infinity
    })
    return Math.max(...(await Promise.all(changes)))
  }

  async #opened(): Promise<SuiteData> {
    this.#data ??= await this.#writeData()
    return this.#data
  }

  async #writeData(): Promise<SuiteData> {
    await mkdir(this.#folder, { recursive: true })
    const { model, data } = this.#network
    if (!('deviation' in data)) return data
    const { shape } = (await openNetwork({ model })).input
    const write = async (name: string, seed: number): Promise<string> => {
      const path = join(this.#folder, `${name}.npy`)
      await writeFile(path, npyFile([data.samples, ...shape], normalValues(data, data.samples * sizeOf(shape), seed)))
      return path
    }
    return { calibration: await write('calibration', 0), test: await write('test', 1) }
  }
}

function normalValues({ mean, deviation }: RandomData, count: number, seed: number): Float64Array {
  const random = randomNumbers(seed)
  return Float64Array.from({ length: count }, () => mean + deviation * gaussian(() => 1 - random()))
}

/** Progress and warnings with the network and its deployment in front. */
const named = (work: WorkContext, name: string): WorkContext => ({
  ...work,
  progress: (event) => work.progress({ ...event, stage: `${name}: ${event.stage}` }),
})
