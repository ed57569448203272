#!/usr/bin/env bash
# The npm package tiff 7.1.3 reads an RGB picture that is stored in tiles to other pixels, without an error: it keeps one sample
# of each, at the place of red, and takes it from another pixel of the tile. The same picture in strips is right, and utif2 4.1.0
# reads both. Needs Node 20 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund tiff@7.1.3 utif2@4.1.0
cat > probe.mjs <<'JS'
import { decode } from 'tiff'
import UTIF from 'utif2'
// 16 × 16 pixels, the smallest tile: red counts columns, green rows, blue is 200.
const size = 16
const rgb = Array.from({ length: size * size }, (_, i) => [i % size, Math.floor(i / size), 200])
function tiff(data, entries) {
  const tags = [[256, 3, size], [257, 3, size], [258, 3, 8], [259, 3, 1], [262, 3, 2], [277, 3, 3], [339, 3, 1], ...entries].sort((a, b) => a[0] - b[0])
  const start = 8
  const directory = start + data.length
  const extra = directory + 2 + 12 * tags.length + 4
  const out = Buffer.alloc(extra + 64)
  out.write('II*\0', 'latin1')
  out.writeUInt32LE(directory, 4)
  Buffer.from(data).copy(out, start)
  out.writeUInt16LE(tags.length, directory)
  let more = extra
  tags.forEach(([tag, type, value], at) => {
    const values = [value].flat()
    const list = tag === 258 || tag === 339 ? [value, value, value] : values
    const entry = directory + 2 + 12 * at
    out.writeUInt16LE(tag, entry)
    out.writeUInt16LE(type, entry + 2)
    out.writeUInt32LE(list.length, entry + 4)
    const bytes = type === 3 ? 2 : 4
    let to = entry + 8
    if (list.length * bytes > 4) {
      out.writeUInt32LE(more, entry + 8)
      to = more
      more += list.length * bytes
    }
    list.forEach((number, i) => (bytes === 2 ? out.writeUInt16LE(number, to + 2 * i) : out.writeUInt32LE(number, to + 4 * i)))
  })
  return out
}
const files = {
  strip: tiff(rgb.flat(), [[273, 4, 8], [278, 3, size], [279, 4, rgb.length * 3], [284, 3, 1]]),
  tile: tiff(rgb.flat(), [[322, 3, size], [323, 3, size], [324, 4, 8], [325, 4, rgb.length * 3], [284, 3, 1]]),
}
const wrong = (data, step) => rgb.filter((pixel, i) => pixel.some((value, c) => data[i * step + c] !== value)).length
const counts = {}
for (const [name, bytes] of Object.entries(files)) {
  const [{ data }] = decode(bytes)
  const [page] = UTIF.decode(bytes)
  UTIF.decodeImage(bytes, page)
  counts[name] = [wrong(data, 3), wrong(UTIF.toRGBA8(page), 4)]
  console.log(name.padEnd(8), 'pixels wrong of 256: tiff', counts[name][0], ' utif2', counts[name][1], ' first pixels by tiff', [...data.slice(0, 9)].join(' '))
}
const same = counts.strip.join() === '0,0' && counts.tile[0] === 256 && counts.tile[1] === 0
console.log(same ? 'As described.' : 'It has changed.')
process.exit(same ? 0 : 1)
JS
node probe.mjs
