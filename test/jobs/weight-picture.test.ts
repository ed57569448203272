import { describe, expect, it } from 'vitest'
import { weightPicture } from '../../src-main/jobs/weight-picture.ts'

describe('weightPicture', () => {
  it('sets kernels side by side with a gap', () => {
    const picture = weightPicture(Float64Array.from([1, -1, 0.5, 0, 1, 1, 1, 1]), [2, 1, 2, 2])!
    expect([picture.width, picture.height]).toEqual([5, 2])
    expect(picture.values).toEqual([255, 0, 128, 255, 255, 191, 128, 128, 255, 255])
  })

  it('leaves rows and columns of a large matrix out', () => {
    const picture = weightPicture(new Float64Array(200 * 100), [200, 100])!
    expect([picture.width, picture.height, picture.values.length]).toEqual([64, 64, 4096])
  })

  it('shows nothing of vectors', () => {
    expect(weightPicture(Float64Array.of(1, 2), [2])).toBeUndefined()
  })
})
