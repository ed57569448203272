import { encode as encodePng } from 'fast-png'
import { inMemory } from '../../data/byte-source.ts'
import { parseNpy } from '../../data/npy.ts'
import { sizeOfDims } from '../../data/stored-array.ts'
import { decodePicture } from '../../data/picture/decode-picture.ts'
import type { SampleType } from '../../data/sample-from-bytes.ts'
import { secureUniform } from '../secure-uniform.ts'

/** Of what the values span; one level of a gray value. */
const share = 1 / 255
/** How NumPy names the types that are varied, and how they are written. */
const writers: Readonly<Record<string, (view: DataView, at: number, value: number) => void>> = {
  '|u1': (view, at, value) => view.setUint8(at, Math.max(0, Math.min(255, Math.round(value)))),
  '<f4': (view, at, value) => view.setFloat32(at, value, true),
  '<f8': (view, at, value) => view.setFloat64(at, value, true),
}

/**
 * The same sample with a little fresh noise, in the same form: whoever keeps what it was asked does not know it again.
 * A JPEG stays as it is, and so does an array of another type than uint8, float32 and float64.
 */
export async function varySample(sample: Uint8Array, type: SampleType): Promise<Uint8Array> {
  if (type === 'image/png') return await varyPng(sample)
  return type === 'application/x-npy' ? varyArray(sample) : sample
}

async function varyPng(bytes: Uint8Array): Promise<Uint8Array> {
  const { width, height, channels, values } = await decodePicture(bytes, 'canary')
  const data = Uint8Array.from(values, (value) => Math.max(0, Math.min(255, Math.round(value + noise(255)))))
  return encodePng({ width, height, channels, depth: 8, data })
}

function varyArray(bytes: Uint8Array): Uint8Array {
  const { dims, read } = parseNpy(inMemory(bytes), 'canary')
  const values = Array.from(read(0, sizeOfDims(dims)))
  const header = new TextDecoder('latin1').decode(bytes.subarray(0, 200))
  const type = /'descr'\s*:\s*'([^']*)'/.exec(header)?.[1] ?? ''
  const write = writers[type]
  if (!write) return bytes
  const varied = Uint8Array.from(bytes)
  const view = new DataView(varied.buffer)
  const itemBytes = Number(type.slice(2))
  const start = bytes.length - values.length * itemBytes
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  const span = type === '|u1' ? 255 : most - least
  values.forEach((value, i) => write(view, start + i * itemBytes, value + noise(span)))
  return varied
}

const noise = (span: number): number => (2 * secureUniform() - 1) * share * span
