#!/usr/bin/env bash
# fast-png 8.0.0 cannot read an interlaced PNG with fewer than 8 bits a pixel: it takes each pass's rows for one byte a pixel,
# then meets picture data where a row's filter number should stand and says "Unsupported filter". The same picture not
# interlaced, or interlaced with 8 bits, is read; sharp writes and reads all of them. Needs Node 20.9 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund fast-png@8.0.0 sharp@0.35.5
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { decode } from 'fast-png'
import sharp from 'sharp'
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version
console.log('fast-png', version('fast-png'), 'sharp', version('sharp'))
const size = 16
const ink = Buffer.from(Array.from({ length: size * size }, (_, i) => (((i % size) + 2 * Math.floor(i / size)) % 5 < 2 ? 255 : 0)))
for (const colours of [2, 4, 16, 256])
  for (const progressive of [false, true]) {
    const file = await sharp(ink, { raw: { width: size, height: size, channels: 1 } })
      .png({ palette: true, colours, progressive })
      .toBuffer()
    const { data } = await sharp(file).extractChannel(0).raw().toBuffer({ resolveWithObject: true })
    let said
    try {
      said = `${decode(file).data.length} bytes`
    } catch (error) {
      said = error.message.replace(/: .*/, '')
    }
    console.log(`${file[24]} bits, interlaced ${file[28]}: fast-png ${said}, sharp right ${data.equals(ink)}`)
  }
JS
node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# fast-png 8.0.0 sharp 0.35.5
# 1 bits, interlaced 0: fast-png 32 bytes, sharp right true
# 1 bits, interlaced 1: fast-png Unsupported filter, sharp right true
# 2 bits, interlaced 0: fast-png 64 bytes, sharp right true
# 2 bits, interlaced 1: fast-png Unsupported filter, sharp right true
# 4 bits, interlaced 0: fast-png 128 bytes, sharp right true
# 4 bits, interlaced 1: fast-png Unsupported filter, sharp right true
# 8 bits, interlaced 0: fast-png 256 bytes, sharp right true
# 8 bits, interlaced 1: fast-png 256 bytes, sharp right true
grep -qF '1 bits, interlaced 0: fast-png 32 bytes' out.txt
grep -qF '8 bits, interlaced 1: fast-png 256 bytes' out.txt
grep -qF '1 bits, interlaced 1: fast-png Unsupported filter, sharp right true' out.txt
grep -qF '2 bits, interlaced 1: fast-png Unsupported filter, sharp right true' out.txt
grep -qF '4 bits, interlaced 1: fast-png Unsupported filter, sharp right true' out.txt
