import { expect } from 'vitest'
import { largestOf } from '../../src-main/core/approximate/points.ts'
import { openReference } from '../../src-main/ort/reference.ts'

/** An ONNX file's outputs in ONNX Runtime, to 1e-4 of the largest of these. */
export async function expectSameInOnnxRuntime(
  bytes: Uint8Array,
  samples: Float64Array[],
  expected: Float64Array[],
): Promise<void> {
  const reference = await openReference(bytes)
  const actual = await reference.runBatch(samples)
  await reference.close()
  const scale = Math.max(1, largestOf(expected))
  expected.forEach((row, i) => row.forEach((v, j) => expect(Math.abs(actual[i][j] - v)).toBeLessThan(1e-4 * scale)))
}
