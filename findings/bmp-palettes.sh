#!/usr/bin/env bash
# Three npm readers of BMP, one picture of 3 × 2 pixels with a palette: at 8 bits a pixel fast-bmp 4.0.1 hands out the places in
# the palette as if they were grey levels; bmp-ts 1.0.9 orders the bytes alpha, blue, green, red although toRGBA is asked for
# (with 24 bits it obeys), and at 4 bits, where the width is odd, it stops behind the first row that is stored, so that all rows above it stay black.
# decode-bmp 0.2.1 reads both. No reader reports an error. Needs Node 20.9 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bmp-ts@1.0.9 fast-bmp@4.0.1 decode-bmp@0.2.1
cat > probe.mjs <<'JS'
import { decode as bmpTs } from 'bmp-ts'
import { decode as fastBmp } from 'fast-bmp'
import decodeBmp from 'decode-bmp'
// Red, green, blue; below it the same. Rows come last to first and fill four bytes.
const palette = [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
function bmp(depth) {
  const colours = depth > 8 ? [] : palette
  const row = { 4: [0x01, 0x20, 0, 0], 8: [0, 1, 2, 0], 24: [...palette.flatMap(([r, g, b]) => [b, g, r]), 0, 0, 0] }[depth]
  const offset = 54 + 4 * colours.length
  const header = Buffer.alloc(54)
  header.write('BM')
  header.writeUInt32LE(offset + 2 * row.length, 2)
  header.writeUInt32LE(offset, 10)
  header.writeUInt32LE(40, 14)
  header.writeInt32LE(3, 18)
  header.writeInt32LE(2, 22)
  header.writeUInt16LE(1, 26)
  header.writeUInt16LE(depth, 28)
  header.writeUInt32LE(colours.length, 46)
  return Buffer.concat([header, Buffer.from(colours.flatMap(([r, g, b]) => [b, g, r, 0])), Buffer.from([...row, ...row])])
}
const pixels = (data, step) => Array.from({ length: 6 }, (_, i) => [...data.slice(i * step, i * step + 3)].join(',')).join(' ')
const found = {
  'fast-bmp, 8 bits': [...fastBmp(bmp(8)).data].join(' '),
  'bmp-ts RGBA, 8 bits': pixels(bmpTs(bmp(8), { toRGBA: true }).data, 4),
  'bmp-ts RGBA, 24 bits': pixels(bmpTs(bmp(24), { toRGBA: true }).data, 4),
  'bmp-ts ABGR, 4 bits': Array.from({ length: 6 }, (_, i) => [...bmpTs(bmp(4)).data.slice(4 * i + 1, 4 * i + 4)].join(',')).join(' '),
  'decode-bmp, 8 bits': pixels(decodeBmp(bmp(8)).data, 4),
  'decode-bmp, 4 bits': pixels(decodeBmp(bmp(4)).data, 4),
}
for (const [name, value] of Object.entries(found)) console.log(name.padEnd(22), value)
const right = '255,0,0 0,255,0 0,0,255 255,0,0 0,255,0 0,0,255'
const expected = {
  'fast-bmp, 8 bits': '0 1 2 0 1 2',
  'bmp-ts RGBA, 8 bits': '0,0,0 0,0,255 0,255,0 0,0,0 0,0,255 0,255,0',
  'bmp-ts RGBA, 24 bits': right,
  'bmp-ts ABGR, 4 bits': found['bmp-ts ABGR, 4 bits'],
  'decode-bmp, 8 bits': right,
  'decode-bmp, 4 bits': right,
}
const blackPixels = found['bmp-ts ABGR, 4 bits'].split(' ').filter((pixel) => pixel === '0,0,0').length
const same = Object.keys(expected).every((name) => expected[name] === found[name]) && blackPixels === 3
console.log(same ? 'As described.' : 'It has changed.')
process.exit(same ? 0 : 1)
JS
node probe.mjs
