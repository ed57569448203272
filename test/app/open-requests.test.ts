import { describe, expect, it } from 'vitest'
import { fileArgument, OpenRequests } from '../../src-main/app/open-requests.ts'

describe('fileArgument', () => {
  it.each([
    [['sealwright', 'net.onnx'], '/work/net.onnx'],
    [['electron', '.', '--no-sandbox', '/data/mine.sealproj'], '/data/mine.sealproj'],
    [['sealwright', '../out/Digits.SEALED'], '/out/Digits.SEALED'],
    [['sealwright', '--open=evil.onnx'], undefined],
    [['sealwright', 'notes.txt'], undefined],
    [['net.onnx'], undefined],
  ])('of %j is %j', (args, path) => {
    expect(fileArgument(args, '/work')).toBe(path)
  })
})

describe('OpenRequests', () => {
  it('holds the last file until it is taken', () => {
    let told = 0
    const requests = new OpenRequests(() => (told += 1))
    requests.put(undefined)
    expect([told, requests.take()]).toEqual([0, undefined])
    requests.put('/a.onnx')
    requests.put('/b.onnx')
    expect([told, requests.take(), requests.take()]).toEqual([2, '/b.onnx', undefined])
  })
})
