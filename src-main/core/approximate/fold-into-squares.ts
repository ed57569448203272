import { UserError } from '../errors.ts'
import { must, present } from '../must.ts'
import { INPUT } from '../network/layer-model.ts'
import type { LayerId, LinearLayer, LinearTerm, Shape } from '../network/layer-model.ts'
import { channelScale, elementScale, expandBias } from '../network/linear-maps.ts'
import { rowsPerChannel, spreadRows } from '../network/coefficient-rows.ts'
import { runLayerBatch } from '../network/run-layers.ts'
import { evenly } from '../numeric/evenly.ts'
import { scaleMap } from '../network/scale-map.ts'
import { gather, mapConstants } from './linear-maps.ts'
import { largestOf } from './points.ts'
import { isExact } from '../network/polynomial-model.ts'
import type { ExactLayer, PolynomialLayer, PolynomialModel } from '../network/polynomial-model.ts'
import type { RefreshedModel, SquareLayer, SquareModel } from '../network/square-model.ts'
import type { SquareForm } from './square-form.ts'
import { planScales } from './square-scales.ts'
import type { Scales } from './square-scales.ts'

/** How a layer of the polynomial model is read from the square model: Σ scale ⊙ layer + offset, per channel or per element. */
interface Reading {
  readonly parts: readonly { readonly layer: LayerId; readonly scale: Float64Array }[]
  readonly offset: Float64Array
}

/** Samples that set the scales and bounds: the extremes of more differ little. */
const RANGE_SAMPLES = 256

/**
 * Before: linear maps and polynomials of degree 1, 2, 4 or 8. After: linear maps and squarings, the same function.
 * Formula: a polynomial is fourth·(y² + inner)² + second·y² + first·y + constant with y = x + shift. The linear layer
 * that makes x makes u = t·y instead, with t per channel so that squares reach about 1 on the calibration samples, and
 * every linear reader takes the coefficients over the powers of t into its columns and the constants into its bias
 * (per element, where zero padding makes them uneven).
 * Where a channel has several polynomials, t is the channel's and what differs goes into biases and columns by element.
 * Conditions: a linear layer serves one polynomial; where x is the input, another polynomial's output or already taken,
 * a depthwise layer is put between. A channel that the polynomial ignores gets t = 0.
 * Throws a UserError where a layer is exact (such a network needs refreshes: `foldBetweenRefreshes`), and where values overflow.
 */
export function foldIntoSquares(model: PolynomialModel, calibration: readonly Float64Array[]): SquareModel {
  const { layers, ...folded } = foldBetweenRefreshes(model, calibration)
  const exact = layers.find(isExact)
  if (exact) {
    throw new UserError('needs-refresh', 'An exact activation needs a refresh by the owner at its place.', {
      where: { layer: exact.id },
    })
  }
  return { ...folded, layers: layers.filter((layer) => !isExact(layer)) }
}

/** As foldIntoSquares; exact layers stay, and read their input as it is, unscaled. */
export function foldBetweenRefreshes(model: PolynomialModel, calibration: readonly Float64Array[]): RefreshedModel {
  const samples = evenly(calibration, RANGE_SAMPLES)
  const plan = planScales(model, samples)
  const shapes = new Map<LayerId, Shape>([
    [INPUT, model.input.shape],
    ...model.layers.map((l) => [l.id, l.shape] as const),
  ])
  const readings = new Map<LayerId, Reading>()
  const layers: (LinearLayer | SquareLayer | ExactLayer)[] = []
  const readingOf = (id: LayerId): Reading => readings.get(id) ?? direct(id, must(shapes, id)[0])

  for (const layer of model.layers) {
    if (layer.kind === 'linear') {
      const folded = foldReadings(layer, readingOf, shapes)
      const claim = plan.claims.get(layer.id)
      layers.push(claim ? rescaled(folded, claim, shapes) : folded)
      if (claim) readings.set(layer.id, unscaled(layer.id, claim))
    } else if (isExact(layer)) {
      let input = layer.input
      const reading = readings.get(input)
      if (reading) {
        input = `${layer.id}.input`
        const shape = must(shapes, layer.input)
        shapes.set(input, shape)
        layers.push(readAs(input, { ...layer, shape }, reading))
      }
      layers.push({ ...layer, input })
    } else {
      const scales = must(plan.scales, layer.id)
      let scaled = layer.input
      if (plan.claims.get(layer.input) !== scales) {
        scaled = `${layer.id}.input`
        shapes.set(scaled, layer.shape)
        layers.push(rescaled(readAs(scaled, layer, readingOf(layer.input)), scales, shapes))
      }
      readings.set(layer.id, emitSquares(layer, scaled, scales, layers, shapes))
    }
  }
  let output = model.output
  const reading = readings.get(output)
  if (reading) {
    const last = present(model.layers.find((layer) => layer.id === model.output))
    output = `${model.output}.output`
    layers.push(readAs(output, last, reading))
  }
  const squares = { ...model, layers, output, bounds: new Map<string, number>() }
  return { ...squares, bounds: boundsOf(squares, samples) }
}

const direct = (layer: LayerId, channels: number): Reading => ({
  parts: [{ layer, scale: new Float64Array(channels).fill(1) }],
  offset: new Float64Array(channels),
})

const unscaled = (id: LayerId, { forms, scale, layer }: Scales): Reading => ({
  parts: [{ layer: id, scale: scale.map((t) => (t === 0 ? 0 : 1 / t)) }],
  offset: spreadRows(
    Float64Array.from(forms, (form) => -form.shift),
    layer,
  ),
})

/** A depthwise layer that computes a reading. */
const readAs = (
  id: LayerId,
  like: Pick<LinearLayer, 'sources' | 'shape'>,
  { parts, offset }: Reading,
): LinearLayer => ({
  kind: 'linear',
  id,
  sources: like.sources,
  shape: like.shape,
  terms: parts.map(({ layer, scale }) => ({ input: layer, map: elementScale(scale, like.shape) })),
  bias: offset,
})

/** The layer over the square model's layers: scales into columns, offsets into the bias. */
function foldReadings(
  layer: LinearLayer,
  readingOf: (id: LayerId) => Reading,
  shapes: ReadonlyMap<LayerId, Shape>,
): LinearLayer {
  const ones = new Float64Array(layer.shape[0]).fill(1)
  let bias = layer.bias
  const terms = layer.terms.flatMap(({ input, map }): LinearTerm[] => {
    const { parts, offset } = readingOf(input)
    const inShape = must(shapes, input)
    if (offset.some((value) => value !== 0)) {
      const moved = mapConstants(map, inShape, layer.shape, offset)
      bias = gather(
        expandBias(bias, layer.shape).map((value, i) => value + moved[i]),
        layer.shape,
      )
    }
    return parts.map((part) => ({
      input: part.layer,
      map: part.scale.every((scale) => scale === 1) ? map : scaleMap(map, [inShape, layer.shape], part.scale, ones),
    }))
  })
  return { ...layer, terms, bias }
}

/** The layer with output t·(x + shift) instead of x. */
function rescaled(
  layer: LinearLayer,
  { forms, scale, layer: reader }: Scales,
  shapes: ReadonlyMap<LayerId, Shape>,
): LinearLayer {
  const shifts = spreadRows(
    Float64Array.from(forms, (form) => form.shift),
    reader,
  )
  const bias = shifts.length === layer.bias.length ? layer.bias : expandBias(layer.bias, layer.shape)
  const [perShift, perScale] = [shifts, scale].map(({ length }) => bias.length / length)
  return {
    ...layer,
    terms: layer.terms.map(({ input, map }) => {
      const inShape = must(shapes, input)
      return { input, map: scaleMap(map, [inShape, layer.shape], new Float64Array(inShape[0]).fill(1), scale) }
    }),
    bias: bias.map((value, i) => scale[Math.floor(i / perScale)] * (value + shifts[Math.floor(i / perShift)])),
  }
}

/** Adds the squarings of one polynomial over u = layer `scaled`, and says how to read its output from them. */
function emitSquares(
  layer: PolynomialLayer,
  scaled: LayerId,
  { forms, scale }: Scales,
  layers: (LinearLayer | SquareLayer | ExactLayer)[],
  shapes: Map<LayerId, Shape>,
): Reading {
  const { shape, sources } = layer
  const each = rowsPerChannel(layer)
  const spread = (value: (form: SquareForm, scale: number) => number) =>
    spreadRows(
      Float64Array.from(forms, (form, row) => value(form, scale[Math.floor(row / each)])),
      layer,
    )
  const coefficient = (amount: (form: SquareForm) => number, power: number) =>
    spread((form, t) => (t === 0 ? 0 : amount(form) / t ** power))
  const first = coefficient((form) => form.first, 1)
  const second = coefficient((form) => form.second, 2)
  const fourth = coefficient((form) => form.fourth, 4)
  const eighth = coefficient((form) => form.eighth, 8)
  const used = (values: Float64Array) => values.some((value) => value !== 0)
  const add = (added: LinearLayer | SquareLayer): LayerId => {
    shapes.set(added.id, shape)
    layers.push(added)
    return added.id
  }
  const square = (id: LayerId, input: LayerId): LayerId => add({ kind: 'square', id, sources, shape, input })
  const squareOfSum = (
    id: LayerId,
    name: string,
    input: LayerId,
    amount: (form: SquareForm) => number,
    power: number,
  ) => {
    const bias = spread((form, t) => amount(form) * t ** power)
    const identity = channelScale(new Float64Array(shape[0]).fill(1))
    return square(id, add({ kind: 'linear', id: name, sources, shape, terms: [{ input, map: identity }], bias }))
  }
  const parts: { layer: LayerId; scale: Float64Array }[] = []
  if (used(fourth) || used(eighth)) {
    const squared = square(`${layer.id}.square`, scaled)
    const last = used(eighth) ? `${layer.id}.fourth` : layer.id
    const quartic = squareOfSum(last, `${layer.id}.inner`, squared, (form) => form.inner, 2)
    if (used(eighth)) {
      const octic = squareOfSum(layer.id, `${layer.id}.outer`, quartic, (form) => form.outer, 4)
      parts.push({ layer: octic, scale: eighth })
    }
    if (used(fourth)) parts.push({ layer: quartic, scale: fourth })
    if (used(second)) parts.push({ layer: squared, scale: second })
  } else if (used(second)) {
    parts.push({ layer: square(layer.id, scaled), scale: second })
  }
  if (used(first) || parts.length === 0) parts.push({ layer: scaled, scale: first })
  return { parts, offset: spread((form) => form.constant) }
}

function boundsOf(model: RefreshedModel, samples: readonly Float64Array[]): Map<string, number> {
  const bounds = new Map<string, number>()
  runLayerBatch(model, samples, (layer, outputs) => {
    const largest = Math.max(bounds.get(layer.id) ?? 0, largestOf(outputs))
    if (!Number.isFinite(largest)) {
      throw new UserError(
        'values-too-large',
        'On a calibration sample the polynomial network leaves the finite numbers.',
        {
          where: { layer: layer.id },
          hint: 'Calibrate with more samples, check their scaling, or leave activations exact (--split exact).',
        },
      )
    }
    bounds.set(layer.id, largest)
  })
  return bounds
}
