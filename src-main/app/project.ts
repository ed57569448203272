/** The open project: which network, and every choice made for it. Immutable values; the history makes undo. */
import { basename, join } from 'node:path'
import { DEFAULTS, WINDOW } from '../jobs/defaults.ts'
import { hashOf } from '../jobs/hash-of.ts'
import { PRESETS } from '../jobs/presets.ts'
import type { Degree } from '../core/network/polynomial-model.ts'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { deploymentWords } from '../core/compile/deployment-words.ts'
import { UserError } from '../core/errors.ts'
import { lastOf } from '../core/must.ts'
import type { Split } from '../core/segment/cut.ts'
import type { ProjectView, StageId, TestRecord } from '../ipc/views.ts'

export interface Choices {
  /** Paths of sample data; never shown to the page whole. */
  readonly calibration?: string
  /** True classes of `calibration`: a file, or the same path again where it includes them. */
  readonly calibrationLabels?: string
  readonly inputs?: string
  /** Class numbers of `inputs`. */
  readonly labels?: string
  readonly preprocessing: Omit<Preprocessing, 'layout'>
  /** In the order of the outputs; none where the network's file or the data say them. */
  readonly classNames: readonly string[]
  /** The outputs are quantities and not the scores of classes. */
  readonly quantities: boolean
  readonly degree: Degree
  readonly degrees: Readonly<Record<string, Degree>>
  readonly splitPools: boolean
  readonly input: 'encrypted' | 'plain'
  readonly reveal: 'label' | 'top-k' | 'scores'
  readonly auditRate: number
  readonly split: Split
  readonly perNode: boolean
  readonly deploymentName: string
  readonly minKept: number
  readonly edgeMemoryBytes: number
  readonly threads: number
}

export const firstChoices: Choices = {
  ...DEFAULTS,
  ...WINDOW,
  classNames: [],
  quantities: false,
  degrees: {},
  splitPools: false,
  perNode: false,
  deploymentName: '',
  edgeMemoryBytes: 0,
  threads: 0,
}

/** What a result was made with, in words. */
export const choiceWords = ({ calibration, calibrationLabels, ...choices }: Choices): string => {
  const { degree, degrees, splitPools, split, input, quantities } = choices
  return [
    deploymentWords({ degree, degrees, splitPools, split, cuts: split.by === 'cuts' ? split.cuts : [] }),
    ...(input === 'plain' ? ['inputs in the clear'] : []),
    ...(quantities ? ['outputs are quantities'] : []),
    ...(calibration === undefined ? [] : [`fitted to ${basename(calibration)}`]),
    ...(calibrationLabels === undefined ? [] : ['tuned towards true classes']),
  ].join(', ')
}

/** Of a project's tests, the newest. */
const mostTests = 50

export interface ProjectState {
  readonly choices: Choices
  readonly stage: StageId
  readonly tests: readonly TestRecord[]
}

export class Project {
  readonly kind: 'sample' | 'file'
  readonly model: string
  readonly modelBytes: number
  stage: StageId
  #tests: readonly TestRecord[]
  #past: readonly Choices[] = []
  #now: Choices
  #future: readonly Choices[] = []

  constructor(kind: 'sample' | 'file', model: string, modelBytes: number, state: Partial<ProjectState> = {}) {
    this.kind = kind
    this.model = model
    this.modelBytes = modelBytes
    this.stage = state.stage ?? 'model'
    this.#tests = state.tests ?? []
    this.#now = state.choices ?? firstChoices
  }

  get choices(): Choices {
    return this.#now
  }

  /** Newest first. */
  get tests(): readonly TestRecord[] {
    return this.#tests
  }

  noteTest(test: TestRecord): void {
    this.#tests = [test, ...this.#tests].slice(0, mostTests)
  }

  /** A change that changes nothing is not one to undo. */
  choose(change: Partial<Choices>): void {
    const { calibration, calibrationLabels } = this.#now
    // Classes that the samples included go with them.
    const gone = calibrationLabels === calibration && 'calibration' in change && change.calibration !== calibration
    const next = { ...this.#now, ...(gone && { calibrationLabels: undefined }), ...change }
    if (JSON.stringify(next) === JSON.stringify(this.#now)) return
    this.#past = [...this.#past, this.#now]
    this.#now = next
    this.#future = []
  }

  undo(): void {
    if (this.#past.length === 0) return
    this.#future = [this.#now, ...this.#future]
    this.#now = lastOf(this.#past)
    this.#past = this.#past.slice(0, -1)
  }

  redo(): void {
    const [next, ...later] = this.#future
    if (!next) return
    this.#past = [...this.#past, this.#now]
    this.#now = next
    this.#future = later
  }

  /** @throws UserError no-calibration */
  get calibration(): string {
    if (this.#now.calibration === undefined) throw new UserError('no-calibration', 'Choose calibration data first.')
    return this.#now.calibration
  }

  /** @throws UserError no-inputs */
  get inputs(): string {
    if (this.#now.inputs === undefined) throw new UserError('no-inputs', 'Choose inputs to test with first.')
    return this.#now.inputs
  }

  /** Of every choice on which fits, plans and bundles depend. */
  get made(): string {
    const { preprocessing, degree, degrees, splitPools, input, split, calibration, calibrationLabels, quantities } =
      this.#now
    const made = [this.modelBytes, preprocessing, degree, degrees, splitPools, input, split, calibration]
    // Results that were made before there were these choices are found as they were.
    const labelled = calibrationLabels === undefined ? made : [...made, calibrationLabels]
    return hashOf(quantities ? [...labelled, 'quantities'] : labelled).slice(0, 32)
  }

  get view(): ProjectView {
    const { calibration, calibrationLabels, inputs, labels, ...plain } = this.#now
    return {
      kind: this.kind,
      fileName: basename(this.model),
      fileBytes: this.modelBytes,
      choices: {
        ...plain,
        ...(calibration !== undefined && { calibration: basename(calibration) }),
        ...(calibrationLabels !== undefined && { calibrationLabels: basename(calibrationLabels) }),
        ...(inputs !== undefined && { inputs: basename(inputs) }),
        ...(labels !== undefined && { labels: basename(labels) }),
      },
      made: this.made,
      stage: this.stage,
      tests: this.#tests,
      canUndo: this.#past.length > 0,
      canRedo: this.#future.length > 0,
    }
  }
}

export const sampleModel = 'lenet5.onnx'

export function sampleProject(assets: string, modelBytes: number): Project {
  const validation = join(assets, 'validation.npz')
  const choices: Choices = {
    ...firstChoices,
    calibration: join(assets, 'calibration.npz'),
    inputs: validation,
    labels: validation,
    preprocessing: PRESETS.mnist,
  }
  return new Project('sample', join(assets, sampleModel), modelBytes, { choices })
}
