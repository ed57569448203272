import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { externalDataOf } from '../../src-main/jobs/external-data.ts'

let base: string
let load: (location: string) => Uint8Array

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'sealwright-external-'))
  mkdirSync(join(base, 'model', 'weights'), { recursive: true })
  writeFileSync(join(base, 'secret.bin'), 'secret')
  writeFileSync(join(base, 'model', 'a.data'), 'data')
  writeFileSync(join(base, 'model', 'weights', 'b.data'), 'more')
  symlinkSync(join(base, 'secret.bin'), join(base, 'model', 'link.data'))
  symlinkSync(join(base, 'model', 'a.data'), join(base, 'model', 'inner.data'))
  load = externalDataOf(join(base, 'model', 'net.onnx'))
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

describe('external data of a model', () => {
  it.each([
    ['a.data', 'data'],
    ['weights/b.data', 'more'],
    ['./weights/../a.data', 'data'],
    ['inner.data', 'data'],
  ])('reads %s', (location, content) => {
    expect(Buffer.from(load(location)).toString()).toBe(content)
  })

  it.each([
    '../secret.bin',
    'weights/../../secret.bin',
    'link.data',
    '/dev/zero',
    '/etc/passwd',
    'C:\\secret',
    '\\\\host\\share\\x',
    '',
    '.',
    'weights',
    'a\0.data',
  ])('refuses %j', (location) => {
    expect(() => load(location)).toThrow(expect.objectContaining({ code: 'unsafe-external-data' }))
  })

  it.each(['absent.data', 'https://example.org/weights'])('says that %s is not there', (location) => {
    expect(() => load(location)).toThrow(expect.objectContaining({ code: 'missing-external-data' }))
  })
})

describe('external data of a model in a cache of Hugging Face', () => {
  const cached = (repository: string, target: string): string => {
    const [blobs, snapshot] = [join(base, repository, 'blobs'), join(base, repository, 'snapshots', 'c0ffee')]
    mkdirSync(blobs, { recursive: true })
    mkdirSync(snapshot, { recursive: true })
    writeFileSync(join(blobs, 'a1'), 'model')
    writeFileSync(join(blobs, 'b2'), 'weights')
    symlinkSync('../../blobs/a1', join(snapshot, 'model.onnx'))
    symlinkSync(target, join(snapshot, 'model.onnx.data'))
    return join(snapshot, 'model.onnx')
  }

  it('may be links into the blobs of the same repository', () => {
    const load = externalDataOf(cached('models--a', '../../blobs/b2'))
    expect(Buffer.from(load('model.onnx.data')).toString()).toBe('weights')
  })

  it.each(['../../../secret.bin', '../../../models--a/blobs/b2', '../../blobs/../../secret.bin'])(
    'may not leave that repository: %s',
    (target) => {
      const load = externalDataOf(cached(`models--${target.length}`, target))
      expect(() => load('model.onnx.data')).toThrow(expect.objectContaining({ code: 'unsafe-external-data' }))
    },
  )
})
