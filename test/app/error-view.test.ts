import { describe, expect, it } from 'vitest'
import { jobUpdate } from '../../src-main/ipc/jobs.ts'
import { errorView } from '../../src-main/ipc/views.ts'

describe('an error that the page is told', () => {
  it.each([
    ['/home/me/secret place/x.npy', 'x.npy'],
    ['C:\\Users\\me\\x.npy', 'x.npy'],
    ['x.npy', 'x.npy'],
  ])('names %s without its folder', (path, file) => {
    const error = { code: 'wrong-shape', message: `${path} holds an array.`, where: { file: path, layer: 'conv_1' } }
    expect(errorView.parse(error)).toEqual({
      ...{ code: 'wrong-shape', message: `${file} holds an array.` },
      where: { file, layer: 'conv_1' },
    })
    expect(JSON.stringify(jobUpdate.parse({ jobId: 'a', job: 'plan', state: 'failed', error }))).not.toMatch(
      /home|Users/,
    )
  })

  it('is as it was where no file is meant', () => {
    const error = { code: 'too-deep', message: 'It is too deep.', hint: 'Cut it.' }
    expect(errorView.parse(error)).toEqual(error)
  })
})
