import { present } from '../must.ts'
import { isFiniteOutput } from '../network/classification.ts'
import type { Outputs } from './check-outputs.ts'

/** How far outputs are from the original's: what agreement is where they are quantities, not scores of classes. */
export interface OutputError {
  readonly rootMeanSquare: number
  readonly largest: number
  /** Of the root mean square to the deviation of the original's outputs, each about its own mean, as `relativeChange`; absent where these do not vary. */
  readonly relative?: number
}

/** Over the samples on which both are finite. */
export function outputError(originals: Outputs, outputs: Outputs): OutputError {
  const usable = originals
    .map((original, i) => ({ original, output: present(outputs[i]) }))
    .filter(({ original, output }) => isFiniteOutput(output) && isFiniteOutput(original))
  const differences = usable.flatMap(({ original, output }) =>
    [...original].map((value, at) => Math.abs(present(output[at]) - value)),
  )
  const rootMeanSquare = rootMeanSquareOf(differences)
  const means = meansOf(usable.map(({ original }) => original))
  const deviation = rootMeanSquareOf(
    usable.flatMap(({ original }) => [...original].map((value, at) => value - present(means[at]))),
  )
  const largest = differences.reduce((most, value) => Math.max(most, value), 0)
  return { rootMeanSquare, largest, ...(deviation > 0 && { relative: rootMeanSquare / deviation }) }
}

/** Of each output over the samples: outputs that stand at different places do not vary for that. */
const meansOf = (rows: readonly Float64Array[]): Float64Array =>
  Float64Array.from(rows[0] ?? [], (_, at) => rows.reduce((sum, row) => sum + present(row[at]), 0) / rows.length)

const rootMeanSquareOf = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length))
