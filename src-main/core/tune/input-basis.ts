import { eigen } from '../numeric/eigen.ts'

/** Of the mean variance: what every direction is taken to vary by besides its own, so that rare ones are not stepped along without bound. */
const DAMPING = 0.1

/** Directions of inputs as columns of a rotation [size × size], and what a step along each is multiplied by: less where inputs vary more. */
interface Directions {
  readonly size: number
  readonly vectors: Float64Array
  readonly scales: Float64Array
}

/**
 * A basis for the weights of one group of rows, [row][channel][tap], in which what they multiply is uncorrelated, as a product of directions
 * of the channels and of the taps. Steps taken there change the outputs by about as much in each direction (the input side of
 * Martens, Grosse: K-FAC, 2015; Adam in such a basis: Vyas and others: SOAP, 2024).
 */
export class InputBasis {
  readonly #channels: Directions
  readonly #taps: Directions
  readonly #scratch: readonly [Float64Array, Float64Array]

  /** Covariances of channels and of taps. */
  constructor(channels: Float64Array, taps: Float64Array) {
    this.#channels = directionsOf(channels)
    this.#taps = directionsOf(taps)
    const size = this.#channels.size * this.#taps.size
    this.#scratch = [new Float64Array(size), new Float64Array(size)]
  }

  /** A gradient in the weights becomes one in the basis; of each row from `first` to `end`. */
  enter(gradient: Float32Array, first: number, end: number): void {
    const [one, two] = this.#scratch
    const [channels, taps] = [this.#channels, this.#taps]
    for (let at = first; at < end; at += one.length) {
      one.fill(0)
      two.fill(0)
      for (let i = 0; i < one.length; i++) {
        const from = i - (i % taps.size)
        addTo(one, from, taps.vectors, (i - from) * taps.size, taps.size, gradient[at + i])
      }
      for (let i = 0; i < channels.size; i++) {
        for (let j = 0; j < channels.size; j++) {
          addTo(two, j * taps.size, one, i * taps.size, taps.size, channels.vectors[i * channels.size + j])
        }
      }
      gradient.set(two, at)
    }
  }

  /** A step in the basis becomes one of the weights. */
  leave(step: Float32Array, first: number, end: number): void {
    const [one, two] = this.#scratch
    const [channels, taps] = [this.#channels, this.#taps]
    for (let at = first; at < end; at += one.length) {
      one.fill(0)
      for (let j = 0; j < channels.size; j++) {
        for (let k = 0; k < taps.size; k++) {
          two[j * taps.size + k] = step[at + j * taps.size + k] * channels.scales[j] * taps.scales[k]
        }
      }
      for (let i = 0; i < channels.size; i++) {
        for (let j = 0; j < channels.size; j++) {
          addTo(one, i * taps.size, two, j * taps.size, taps.size, channels.vectors[i * channels.size + j])
        }
      }
      for (let i = 0; i < one.length; i++) {
        const from = i - (i % taps.size)
        let sum = 0
        for (let k = 0; k < taps.size; k++) sum += one[from + k] * taps.vectors[(i - from) * taps.size + k]
        step[at + i] = sum
      }
    }
  }
}

function addTo(to: Float64Array, at: number, from: Float64Array, first: number, count: number, amount: number): void {
  for (let k = 0; k < count; k++) to[at + k] += amount * from[first + k]
}

function directionsOf(covariance: Float64Array): Directions {
  const size = Math.round(Math.sqrt(covariance.length))
  const { vectors, values } = eigen(covariance, size)
  const mean = values.reduce((sum, value) => sum + Math.max(0, value), 0) / size
  const scales = values.map((value) =>
    mean > 0 ? Math.sqrt((1 + DAMPING) / (Math.max(0, value) / mean + DAMPING)) : 1,
  )
  return { size, vectors, scales }
}

/** Vectors of inputs that tell how they vary, of one group: so many of each pass. */
const SEEN_PER_PASS = 512

/** Sums over the inputs that one group of rows multiplies, [channel][tap], by which their covariances are told. */
export class InputMoments {
  readonly #channels: number
  readonly #taps: number
  #count = 0
  readonly #sums: Float64Array
  readonly #byChannel: Float64Array
  readonly #byTap: Float64Array

  constructor(channels: number, taps: number) {
    this.#channels = channels
    this.#taps = taps
    this.#sums = new Float64Array(channels * taps)
    this.#byChannel = new Float64Array(channels * channels)
    this.#byTap = new Float64Array(taps * taps)
  }

  /** Values [element × samples + sample], read at bases[place] + offsets[tap] + `first`, all in elements. */
  see(x: Float32Array, samples: number, first: number, bases: Int32Array, offsets: Int32Array): void {
    const places = Math.max(1, Math.min(bases.length, Math.floor(SEEN_PER_PASS / samples)))
    const one = new Float64Array(offsets.length)
    for (let p = 0; p < places; p++) {
      const base = first + bases[Math.floor((p * bases.length) / places)]
      for (let s = 0; s < samples; s++) {
        for (let k = 0; k < one.length; k++) one[k] = x[(base + offsets[k]) * samples + s]
        if (one.every(Number.isFinite)) this.#add(one)
      }
    }
  }

  get basis(): InputBasis {
    const mean = this.#sums.map((sum) => sum / Math.max(1, this.#count))
    const scale = -this.#count
    accumulate(this.#byChannel, mean, this.#channels, this.#taps, scale)
    accumulateTaps(this.#byTap, mean, this.#taps, scale)
    return new InputBasis(this.#byChannel, this.#byTap)
  }

  #add(one: Float64Array): void {
    this.#count += 1
    for (let k = 0; k < one.length; k++) this.#sums[k] += one[k]
    accumulate(this.#byChannel, one, this.#channels, this.#taps, 1)
    accumulateTaps(this.#byTap, one, this.#taps, 1)
  }
}

/** Products of channels, summed over taps. */
function accumulate(into: Float64Array, x: Float64Array, channels: number, taps: number, scale: number): void {
  for (let i = 0; i < channels; i++) {
    for (let j = 0; j < channels; j++) {
      let sum = 0
      for (let t = 0; t < taps; t++) sum += x[i * taps + t] * x[j * taps + t]
      into[i * channels + j] += scale * sum
    }
  }
}

/** Products of taps, summed over channels. */
function accumulateTaps(into: Float64Array, x: Float64Array, taps: number, scale: number): void {
  for (let from = 0; from < x.length; from += taps) {
    for (let i = 0; i < taps; i++) addTo(into, i * taps, x, from, taps, scale * x[from + i])
  }
}
