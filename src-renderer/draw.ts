/** What was drawn, as a network of handwritten digits expects it. */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** 0 to 255, white on black, row by row. */
  readonly values: number[]
}

const [leastSide, mostSide] = [8, 256]

/** Pixels down and across of a network that takes gray squares, as such or as a row of pixels; undefined of others. */
export function drawableSide([channels, height, width]: readonly number[]): number | undefined {
  const isRow = height === 1 && width === 1
  const side = isRow ? Math.sqrt(channels) : height
  const isSquare = isRow ? Number.isInteger(side) : channels === 1 && height === width
  return isSquare && side >= leastSide && side <= mostSide ? side : undefined
}

/**
 * Scales the strokes into the middle five sevenths and centres them by their mass, as MNIST does.
 * @returns undefined where nothing was drawn
 */
export function drawingOf(canvas: HTMLCanvasElement, width: number, height: number): Drawing | undefined {
  const box = strokesOf(canvas)
  if (!box) return undefined
  const scale = ((5 / 7) * Math.min(width, height)) / Math.max(box.width, box.height)
  const draw = (dx: number, dy: number): Uint8ClampedArray => {
    const small = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
    small.imageSmoothingQuality = 'high'
    const [w, h] = [box.width * scale, box.height * scale]
    small.drawImage(canvas, box.x, box.y, box.width, box.height, (width - w) / 2 + dx, (height - h) / 2 + dy, w, h)
    return small.getImageData(0, 0, width, height).data
  }
  const centred = draw(0, 0)
  let [mass, x, y] = [0, 0, 0]
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const weight = centred[4 * pixel + 3]
    mass += weight
    x += weight * ((pixel % width) + 0.5)
    y += weight * (Math.floor(pixel / width) + 0.5)
  }
  const shifted = draw(Math.round(width / 2 - x / mass), Math.round(height / 2 - y / mass))
  return { width, height, values: Array.from({ length: width * height }, (_, pixel) => shifted[4 * pixel + 3]) }
}

function strokesOf(canvas: HTMLCanvasElement) {
  const { width, height } = canvas
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height)
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    if (data[4 * pixel + 3] === 0) continue
    const [x, y] = [pixel % width, Math.floor(pixel / width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}
