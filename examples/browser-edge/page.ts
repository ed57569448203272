import type { Ask, Tell } from './messages.ts'

const one = <E extends Element>(selector: string): E => {
  const found = document.querySelector<E>(selector)
  if (!found) throw new Error(`The page has no ${selector}.`)
  return found
}
const file = one<HTMLInputElement>('input')
const status = one('[role=status]')
const link = one<HTMLAnchorElement>('a')
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
let shape: readonly number[] = []

worker.addEventListener('message', ({ data }: MessageEvent<Tell>) => {
  if (data.kind === 'ready') {
    shape = data.shape
    status.textContent = `Ready for ${shape.join(' × ')} pixels.`
  } else if (data.kind === 'result') {
    link.href = URL.createObjectURL(new Blob([data.file]))
    link.hidden = false
    status.textContent = `Computed with ${data.evaluator} in ${(data.ms / 1000).toFixed(2)} s.`
  } else status.textContent = data.message
})

worker.addEventListener('error', ({ message }) => (status.textContent = message))

file.addEventListener('change', () => {
  const [picture] = file.files ?? []
  if (!picture) return
  status.textContent = 'Encrypting and computing…'
  void pixelsOf(picture).then((pixels) => worker.postMessage({ pixels } satisfies Ask))
})

/** Values 0 to 255 in the network's size, [channel, row, column]; grey where it has one channel. */
async function pixelsOf(picture: File): Promise<Float64Array> {
  const [channels, height, width] = shape
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext('2d')
  if (!context) throw new Error('This browser draws no pictures.')
  context.drawImage(await createImageBitmap(picture), 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  const grey = (at: number): number => (data[at] + data[at + 1] + data[at + 2]) / 3
  return Float64Array.from({ length: channels * height * width }, (_, i) => {
    const at = 4 * (i % (height * width))
    return channels === 1 ? grey(at) : data[at + Math.floor(i / (height * width))]
  })
}
