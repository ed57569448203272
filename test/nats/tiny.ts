import { join } from 'node:path'
import type { ProtectRequest } from '../../src-main/owner/protect.ts'
import { tinyOutput, tinySegment } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase } from '../owner/exported.ts'
import { seededRandom } from '../support/seed.ts'
import type { Deployment } from './cluster.ts'
import type { Question } from './trials.ts'

/** Two segments with a refresh between them: 4 pixels, 3 values, 2 outputs. */
export async function deployTiny(folder: string, changes: Partial<ProtectRequest> = {}): Promise<Deployment> {
  const segments = [tinySegment([1, 2, 2]), tinySegment([3, 1, 1])]
  const { deploymentId: id } = await exportTiny(folder, { segments, ...changes })
  return { id, bundle: join(folder, 'tiny.sealed'), keysFolder: join(folder, 'keys'), passphrase }
}

export function tinyLabel(pixels: ArrayLike<number>): number {
  const [first, second] = tinyOutput(tinyOutput(pixels))
  return first > second ? 0 : 1
}

const random = seededRandom('pixels')
/** Scores nearer than this to each other are left to tests of precision. */
const leastMargin = 0.05

/** Pixels whose label does not hang on the noise of the encryption. */
export function randomPixels(): Float64Array {
  for (;;) {
    const pixels = Float64Array.from({ length: 4 }, () => 2 * random() - 1)
    const [first, second] = tinyOutput(tinyOutput(pixels))
    if (Math.abs(first - second) > leastMargin) return pixels
  }
}

export function tinyQuestion(): Question {
  const input = randomPixels()
  return { input, label: tinyLabel(input) }
}
