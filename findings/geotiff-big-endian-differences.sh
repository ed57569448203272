#!/usr/bin/env bash
# The npm package geotiff 3.0.5 reads a big-endian TIFF of 16-bit samples with predictor 2 (differences along the rows) to other numbers, without
# an error: it adds the differences up as if they were little-endian. In a little-endian file, and in a big-endian one without
# predictor, it is right. tifffile 2026.3.3 and Pillow 13.0.0 read all four alike. Needs Node 20 and Python 3.11 or later.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 pillow==13.0.0 tifffile==2026.3.3 imagecodecs==2026.3.6
npm init -y >/dev/null
npm install --silent --no-audit --no-fund geotiff@3.0.5
cat > write.py <<'PY'
import numpy as np, tifffile
from PIL import Image
x = np.arange(8, dtype=np.uint16).reshape(2, 4) * 300
for order, name in (('<', 'little'), ('>', 'big')):
    for predictor in (1, 2):
        path = f'{name}-{predictor}.tif'
        tifffile.imwrite(path, x, photometric='minisblack', compression='zlib', predictor=predictor, byteorder=order)
        for reader, y in (('tifffile', tifffile.imread(path)), ('pillow', np.asarray(Image.open(path)))):
            print(f'{path:12} {reader:8}', ' '.join(map(str, y.ravel().tolist())))
PY
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { fromArrayBuffer } from 'geotiff'
for (const path of ['little-1.tif', 'little-2.tif', 'big-1.tif', 'big-2.tif']) {
  const bytes = readFileSync(path)
  const tiff = await fromArrayBuffer(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const [samples] = await (await tiff.getImage()).readRasters()
  console.log(path.padEnd(12), 'geotiff ', samples.join(' '))
}
JS
{ env/bin/python write.py && node probe.mjs; } 2>errors.txt | tee out.txt || { cat errors.txt; exit 1; }
# Seen on 2026-11-30:
cat > seen.txt <<'TXT'
little-1.tif tifffile 0 300 600 900 1200 1500 1800 2100
little-1.tif pillow   0 300 600 900 1200 1500 1800 2100
little-2.tif tifffile 0 300 600 900 1200 1500 1800 2100
little-2.tif pillow   0 300 600 900 1200 1500 1800 2100
big-1.tif    tifffile 0 300 600 900 1200 1500 1800 2100
big-1.tif    pillow   0 300 600 900 1200 1500 1800 2100
big-2.tif    tifffile 0 300 600 900 1200 1500 1800 2100
big-2.tif    pillow   0 300 600 900 1200 1500 1800 2100
little-1.tif geotiff  0 300 600 900 1200 1500 1800 2100
little-2.tif geotiff  0 300 600 900 1200 1500 1800 2100
big-1.tif    geotiff  0 300 600 900 1200 1500 1800 2100
big-2.tif    geotiff  0 300 600 900 1200 1500 1544 1844
TXT
diff seen.txt out.txt
