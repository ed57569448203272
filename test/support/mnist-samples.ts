import { mnist } from './mnist.ts'

/** Training images as LeNet-5 was trained on them: [1, 28, 28], mean 0.1307, standard deviation 0.3081. */
export function mnistSamples(first: number, count: number): Float64Array[] {
  const { pixels } = mnist('train', count, first)
  return Array.from({ length: count }, (_, i) =>
    Float64Array.from(pixels.subarray(784 * i, 784 * (i + 1)), (value) => (value / 255 - 0.1307) / 0.3081),
  )
}
