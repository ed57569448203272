#!/usr/bin/env bash
# upng-js 2.1.0 reads a grey PNG with fewer than 8 bits a pixel skewed, without an error, when a row does not fill whole bytes:
# its conversion to RGBA counts bits through the whole picture, and PNG starts each row on a byte. Ten pixels wide, a column
# becomes a diagonal; eight pixels wide, and the same picture with a palette, is right. sharp reads all three. Node 20.9.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund upng-js@2.1.0 sharp@0.35.5
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import UPNG from 'upng-js'
import sharp from 'sharp'
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version
console.log('upng-js', version('upng-js'), 'sharp', version('sharp'))
function crc32(bytes) {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
// One bit a pixel, five rows, the leftmost column white.
function column(width, palette) {
  const header = Buffer.from([0, 0, 0, width, 0, 0, 0, 5, 1, palette ? 3 : 0, 0, 0, 0])
  const row = Buffer.alloc(1 + Math.ceil(width / 8))
  row[1] = 128
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    ...(palette ? [chunk('PLTE', Buffer.from([0, 0, 0, 255, 255, 255]))] : []),
    chunk('IDAT', deflateSync(Buffer.concat(Array(5).fill(row)))),
    chunk('IEND', Buffer.alloc(0)),
  ])
}
const rows = (bytes, step, width) =>
  Array.from({ length: 5 }, (_, y) =>
    Array.from({ length: width }, (_, x) => (bytes[(y * width + x) * step] ? '#' : '.')).join(''),
  ).join(' ')
for (const [name, width, palette] of [['grey, 10 wide', 10, false], ['grey, 8 wide', 8, false], ['palette, 10 wide', 10, true]]) {
  const file = column(width, palette)
  const mine = new Uint8Array(UPNG.toRGBA8(UPNG.decode(file))[0])
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  console.log(`${name}: sharp   ${rows(data, info.channels, width)}`)
  console.log(`${name}: upng-js ${rows(mine, 4, width)}`)
}
JS
node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# upng-js 2.1.0 sharp 0.35.5
# grey, 10 wide: sharp   #......... #......... #......... #......... #.........
# grey, 10 wide: upng-js #......... ......#... .......... ..#....... ........#.
# grey, 8 wide: sharp   #....... #....... #....... #....... #.......
# grey, 8 wide: upng-js #....... #....... #....... #....... #.......
# palette, 10 wide: sharp   #......... #......... #......... #......... #.........
# palette, 10 wide: upng-js #......... #......... #......... #......... #.........
grep -qF 'grey, 10 wide: sharp   #......... #......... #......... #......... #.........' out.txt
grep -qF 'grey, 8 wide: upng-js #....... #....... #....... #....... #.......' out.txt
grep -qF 'palette, 10 wide: upng-js #......... #......... #......... #......... #.........' out.txt
