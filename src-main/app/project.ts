/** The open project: which network, and every choice made for it. Immutable values; the history makes undo. */
import { basename, join } from 'node:path'
import type { Preprocessing } from '../core/bundle/preprocessing.ts'
import { UserError } from '../core/errors.ts'
import type { ProjectView } from '../ipc/views.ts'

export interface Choices {
  /** Paths of sample data; never shown to the page whole. */
  readonly calibration?: string
  readonly inputs?: string
  /** Class numbers of `inputs`. */
  readonly labels?: string
  readonly preprocessing: Omit<Preprocessing, 'layout'>
  readonly degree: 2 | 4
  readonly input: 'encrypted' | 'plain'
}

const firstChoices: Choices = {
  preprocessing: { scale: 1 / 255, mean: [0], std: [1] },
  degree: 2,
  input: 'encrypted',
}

export class Project {
  readonly kind: 'sample' | 'file'
  readonly model: string
  readonly modelBytes: number
  #past: readonly Choices[] = []
  #now: Choices
  #future: readonly Choices[] = []

  constructor(kind: 'sample' | 'file', model: string, modelBytes: number, choices: Choices = firstChoices) {
    this.kind = kind
    this.model = model
    this.modelBytes = modelBytes
    this.#now = choices
  }

  get choices(): Choices {
    return this.#now
  }

  choose(change: Partial<Choices>): void {
    this.#past = [...this.#past, this.#now]
    this.#now = { ...this.#now, ...change }
    this.#future = []
  }

  undo(): void {
    if (this.#past.length === 0) return
    this.#future = [this.#now, ...this.#future]
    this.#now = this.#past.at(-1)!
    this.#past = this.#past.slice(0, -1)
  }

  redo(): void {
    if (this.#future.length === 0) return
    this.#past = [...this.#past, this.#now]
    this.#now = this.#future[0]
    this.#future = this.#future.slice(1)
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

  get view(): ProjectView {
    const { calibration, inputs, labels, ...plain } = this.#now
    return {
      kind: this.kind,
      fileName: basename(this.model),
      fileBytes: this.modelBytes,
      choices: {
        ...plain,
        ...(calibration !== undefined && { calibration: basename(calibration) }),
        ...(inputs !== undefined && { inputs: basename(inputs) }),
        ...(labels !== undefined && { labels: basename(labels) }),
      },
      canUndo: this.#past.length > 0,
      canRedo: this.#future.length > 0,
    }
  }
}

/** The digits to try first: one picture per digit, in the order of the MNIST test images. */
export const sampleDigits = [7, 2, 1, 0, 4, 9, 5, 3, 6, 8]

export function sampleProject(assets: string, modelBytes: number): Project {
  return new Project('sample', join(assets, 'lenet5.onnx'), modelBytes, {
    ...firstChoices,
    calibration: join(assets, 'calibration.npz'),
    inputs: join(assets, 'digits'),
    preprocessing: { scale: 1 / 255, mean: [0.1307], std: [0.3081] },
  })
}
