#!/usr/bin/env bash
# The npm package utif2 4.1.0 reads a TIFF that stores its colours in separate planes (PlanarConfiguration 2) as if they stood pixel by pixel, and
# reads the first plane alone: three reds in a row become the red, green and blue of one pixel, and the rest is black. No error is
# shown. Pillow 13.0.0 and the npm package geotiff 3.0.5 read the colours that tifffile wrote. Needs Node 20 and Python 3.11 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3
npm init -y >/dev/null
npm install --silent --no-audit --no-fund utif2@4.1.0 geotiff@3.0.5
cat > write.py <<'PY'
import numpy as np, tifffile
from PIL import Image
x = np.array([[[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]], np.uint8)
tifffile.imwrite('pixels.tif', x, photometric='rgb')
tifffile.imwrite('planes.tif', x.transpose(2, 0, 1).copy(), photometric='rgb', planarconfig='separate')
for name in ('pixels', 'planes'):
    print(name, 'pillow ', np.asarray(Image.open(f'{name}.tif')).reshape(-1, 3).tolist())
PY
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { fromArrayBuffer } from 'geotiff'
import UTIF from 'utif2'
const show = (name, reader, values, step) =>
  console.log(name, reader, `[${[0, 1, 2, 3].map((at) => `[${[...values.slice(at * step, at * step + 3)].join(', ')}]`).join(', ')}]`)
for (const name of ['pixels', 'planes']) {
  const bytes = readFileSync(`${name}.tif`)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
  const image = await (await fromArrayBuffer(buffer)).getImage()
  show(name, 'geotiff', await image.readRasters({ interleave: true }), 3)
  const [page] = UTIF.decode(buffer)
  UTIF.decodeImage(buffer, page)
  show(name, 'utif2  ', UTIF.toRGBA8(page), 4)
}
JS
{ env/bin/python write.py && node probe.mjs; } 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
pixels pillow  [[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]
planes pillow  [[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]
pixels geotiff [[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]
pixels utif2   [[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]
planes geotiff [[10, 20, 30], [11, 21, 31], [12, 22, 32], [13, 23, 33]]
planes utif2   [[10, 11, 12], [13, 0, 0], [0, 0, 0], [0, 0, 0]]
TXT
diff seen.txt out.txt
