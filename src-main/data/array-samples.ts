import { sizeOf } from '../core/network/layer-model.ts'
import { axesFor, guessAxes, offsetOf, type Axes } from './axes.ts'
import { brackets, measured, wrongShape, type ReadSamplesOptions, type Samples } from './samples.ts'
import type { StoredArray } from './stored-array.ts'

/** Rows of an array as samples. @throws UserError wrong-shape */
export function arraySamples(array: StoredArray, file: string, { shape, layout }: ReadSamplesOptions): Samples {
  const axes = shape ? axesFor(array.dims, shape, layout) : guessAxes(array.dims, layout)
  if (!axes) throw wrongShape(file, `an array of shape ${brackets(array.dims)}`, shape, layout)
  const size = sizeOf(axes.shape)
  const name = (index: number): string => `${file}[${index}]`
  const sample = (index: number): Float64Array => {
    const stored = array.read(index * size, size)
    const values = new Float64Array(size)
    for (let element = 0; element < size; element++) {
      values[element] = stored[offsetOf(axes.shape, axes.layout, element)]
    }
    return measured(values, axes.shape, name(index), file)
  }
  return { ...(axes satisfies Axes), warnings: [], name, sample }
}
