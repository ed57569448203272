import { present } from '../core/must.ts'
import type { LayerModel } from '../core/network/layer-model.ts'
import { UserError } from '../core/errors.ts'
import { farSamples, isFiniteOutput, labelOf, marginOf } from '../core/network/classification.ts'
import { tellsQuantities } from '../core/network/quantities.ts'
import { classScores } from '../core/normalise/run-tail.ts'
import { npyFile } from '../data/npy-file.ts'
import { preprocess } from '../data/preprocess.ts'
import { readSamples } from '../data/read-samples.ts'
import { openReference, type Reference } from '../ort/reference.ts'
import { openNetworkFile, referenceOptions, type NetworkRequest } from './open-network.ts'
import { openOriginal, type Original } from './original.ts'
import type { PreprocessingChoice } from './calibration.ts'

export interface ReadSample {
  /** As it was found, to send to a server. */
  readonly npy: Uint8Array
  /** Preprocessed, [channel, row, column]. */
  readonly values: Float64Array
}

export interface ClearRequest extends NetworkRequest {
  readonly preprocessing: PreprocessingChoice
  /** ONNX file of the polynomial network, where it was kept. */
  readonly polynomial?: string
}

/** Labels and scores, one for each class, before softmax and the like. */
export interface Compared {
  readonly original: number
  readonly polynomial?: number
  /** Absent, as its scores, where the result is noise since the polynomial network is beyond all sense on this sample. */
  readonly encrypted?: number
  readonly scores: {
    readonly original: readonly number[]
    readonly polynomial?: readonly number[]
    readonly encrypted?: readonly number[]
  }
  /** Encrypted against polynomial, over all scores; and the polynomial network's largest |score|. Not of noise. */
  readonly maxAbsDifference?: number
  readonly maxAbsLogit?: number
  /** Between the original's top two scores. */
  readonly margin: number
}

/** The original network and, where it was kept, the polynomial one, in the clear and before softmax and the like. */
export class ClearNetworks {
  readonly #model: LayerModel
  readonly #preprocessing: PreprocessingChoice
  /** Opened with the first sample, which ONNX Runtime and our own pass are compared on. */
  #original: Original | undefined
  readonly #open: (sample: Float64Array) => Promise<Original>
  readonly #polynomial: Reference | undefined

  private constructor(
    model: LayerModel,
    preprocessing: PreprocessingChoice,
    open: (sample: Float64Array) => Promise<Original>,
    polynomial: Reference | undefined,
  ) {
    this.#model = model
    this.#preprocessing = preprocessing
    this.#open = open
    this.#polynomial = polynomial
  }

  static async open(request: ClearRequest): Promise<ClearNetworks> {
    const network = await openNetworkFile(request)
    const { model } = network
    const open = (sample: Float64Array) => openOriginal(request, network, [sample])
    const { polynomial } = request
    const approximated =
      polynomial === undefined ? undefined : await openReference(polynomial, referenceOptions({}, model))
    return new ClearNetworks(model, request.preprocessing, open, approximated)
  }

  /** What stands for labels means nothing then: of one output, its sign. */
  get isQuantity(): boolean {
    return tellsQuantities(this.#model)
  }

  /** @throws UserError what `readSamples` says */
  async read({ path, index }: { readonly path: string; readonly index: number }): Promise<ReadSample> {
    const { shape } = this.#model.input
    const { layout: stated, resize, crop } = this.#preprocessing
    const source = await readSamples(path, { shape, index, layout: stated, resize, crop })
    const raw = source.sample(0)
    const layout = stated ?? source.layout
    return {
      npy: layout === 'nchw' ? npyFile([1, ...shape], raw) : npyFile([1, ...channelsLast(shape)], toNhwc(raw, shape)),
      values: preprocess(raw, { ...this.#preprocessing, layout }),
    }
  }

  /** @param open - the outputs of the encrypted network @throws UserError as `open` */
  async compare(values: Float64Array, open: () => Float64Array): Promise<Compared> {
    this.#original ??= await this.#open(values)
    const ofOriginal = present((await this.#original.run([values]))[0])
    const ofPolynomial = await this.#polynomial?.run(values)
    const isFar = ofPolynomial !== undefined && farSamples([ofOriginal], [ofPolynomial]).length > 0
    const ofEncrypted = isFar ? unlessNoise(open) : open()
    const scoresOf = (outputs: Float64Array) => classScores(this.#model, outputs)
    const original = scoresOf(ofOriginal)
    const encrypted = ofEncrypted && scoresOf(ofEncrypted)
    const polynomial = ofPolynomial && isFiniteOutput(ofPolynomial) ? scoresOf(ofPolynomial) : undefined
    return {
      original: labelOf(original),
      margin: marginOf(original),
      scores: {
        original: Array.from(original),
        ...(encrypted && { encrypted: Array.from(encrypted) }),
        ...(polynomial && { polynomial: Array.from(polynomial) }),
      },
      ...(encrypted && { encrypted: labelOf(encrypted) }),
      ...(polynomial && { polynomial: labelOf(polynomial) }),
      ...(polynomial &&
        encrypted && {
          maxAbsDifference: Math.max(...polynomial.map((value, at) => Math.abs(value - present(encrypted[at])))),
          maxAbsLogit: Math.max(...polynomial.map(Math.abs)),
        }),
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#original?.close(), this.#polynomial?.close()])
  }
}

function unlessNoise(open: () => Float64Array): Float64Array | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof UserError && error.code === 'implausible-result') return undefined
    throw error
  }
}

type Shape = LayerModel['input']['shape']

const channelsLast = ([channels, height, width]: Shape): number[] => [height, width, channels]

function toNhwc(values: Float64Array, [channels, height, width]: Shape): Float64Array {
  const pixels = height * width
  return values.map((_, at) => present(values[(at % channels) * pixels + Math.floor(at / channels)]))
}
