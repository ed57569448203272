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
