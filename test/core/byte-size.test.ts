import { expect, it } from 'vitest'
import { parseByteSize } from '../../src-main/core/byte-size.ts'

it.each([
  ['2000000000', 2_000_000_000],
  ['1500M', 1500 * 2 ** 20],
  ['2g', 2 ** 31],
  ['1.5GiB', 1.5 * 2 ** 30],
  ['3 TB', 3 * 2 ** 40],
  ['', undefined],
  ['-1', undefined],
  ['1e9', undefined],
  ['much', undefined],
  ['2GB of memory', undefined],
  ['9'.repeat(400), undefined],
])('a size of “%s”', (text, bytes) => expect(parseByteSize(text)).toBe(bytes))
