import { present } from '../must.ts'
import type { LayerId, Shape } from '../network/layer-model.ts'
import type { NetworkBuilder } from './network-builder.ts'
import type { View } from './values.ts'
import type { Window, WindowedImage } from './window.ts'

type Pads = Window['pads']

/** The layer that a windowed operator reads, and the pads of its window with those of the view added. */
export interface WindowSource {
  readonly source: LayerId
  readonly shape: Shape
  readonly pads: Pads
}

/**
 * Fold padding into the consumer.
 * Before: conv(pad(x)). After: conv with larger pads, on x.
 * Conditions: the view is the whole source, in order, inside a frame of zeros.
 * Formula: zeros outside the image and zeros around it are the same zeros.
 */
export function takePadding(network: NetworkBuilder, view: View, image: WindowedImage): WindowSource {
  const frame = image.swapped ? undefined : frameOf(view, image.input, network.shapeOf(view.source))
  if (!frame) return { source: network.asImage(view, image.input), shape: image.input, pads: image.window.pads }
  const pads = image.window.pads.map((pad, side) => pad + present(frame[side])) as unknown as Pads
  return { source: view.source, shape: network.shapeOf(view.source), pads }
}

/** The zeros around the source, where the view is nothing but the source and such a frame. */
function frameOf(view: View, [channels, rows, columns]: Shape, source: Shape): Pads | undefined {
  const [, height, width] = source
  const [extraRows, extraColumns] = [rows - height, columns - width]
  if (!view.order || channels !== source[0] || Math.min(extraRows, extraColumns) < 0) return undefined
  const first = view.order.findIndex((index) => index >= 0)
  const [top, left] = [Math.floor(first / columns), first % columns]
  if (view.order[first] !== 0 || top > extraRows || left > extraColumns) return undefined
  for (let index = 0; index < view.order.length; index++) {
    const channel = Math.floor(index / (rows * columns))
    const row = (Math.floor(index / columns) % rows) - top
    const column = (index % columns) - left
    const inside = row >= 0 && row < height && column >= 0 && column < width
    if (view.order[index] !== (inside ? (channel * height + row) * width + column : -1)) return undefined
  }
  return [top, left, extraRows - top, extraColumns - left]
}
