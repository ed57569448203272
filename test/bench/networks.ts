import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { mnist } from '../support/mnist.ts'
import { randomSource } from '../planner/networks.ts'

export interface BenchNetwork {
  readonly name: string
  readonly onnx: Uint8Array
  /** Preprocessed; MNIST where the network was trained on it, noise otherwise: times do not depend on values. */
  readonly samples: (count: number) => Float64Array[]
}

const trained = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../models/trained/${name}.onnx`, import.meta.url)))

function digits(mean: number, std: number): BenchNetwork['samples'] {
  return (count) => {
    const { pixels } = mnist('train', count)
    return Array.from({ length: count }, (_, i) =>
      Float64Array.from(pixels.subarray(i * 784, (i + 1) * 784), (pixel) => (pixel / 255 - mean) / std),
    )
  }
}

function noise(elements: number): BenchNetwork['samples'] {
  return (count) => {
    const random = randomSource(1)
    return Array.from({ length: count }, () => Float64Array.from({ length: elements }, () => 2 * random()))
  }
}

export const benchNetworks = (): BenchNetwork[] => [
  { name: 'mnist_lenet5_relu_avgpool', onnx: trained('mnist_lenet5_relu_avgpool'), samples: digits(0.1307, 0.3081) },
  { name: 'mnist_cryptonets_relu', onnx: trained('mnist_cryptonets_relu'), samples: digits(0, 1) },
  { name: 'fashion_bn_silu', onnx: trained('fashion_bn_silu'), samples: noise(784) },
  { name: 'ecg200_cnn1d_relu', onnx: trained('ecg200_cnn1d_relu'), samples: noise(96) },
]
