#!/usr/bin/env bash
# jpeg-js 0.4.4 shows false colours, without an error, for a JPEG that stores RGB: the file says so twice, by Adobe's marker
# with transform 0 and by the component names R, G and B, and the decoder converts from YCbCr all the same. Orange-red comes
# out green. sharp and Pillow, which wrote the file (keep_rgb), read it right; so does jpeg-js when told colorTransform: false,
# which is false again for every ordinary file. Needs Python 3 and Node 20.9.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jpeg-js@0.4.4 sharp@0.35.5
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0
env/bin/python - <<'PY'
from PIL import Image
picture = Image.new('RGB', (16, 16), (200, 50, 20))
picture.save('rgb.jpg', quality=95, keep_rgb=True)
picture.save('ycc.jpg', quality=95)
PY
cat > probe.mjs <<'JS'
import { readFileSync } from 'node:fs'
import jpeg from 'jpeg-js'
import sharp from 'sharp'
const version = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`)).version
console.log('jpeg-js', version('jpeg-js'), 'sharp', version('sharp'))
const near = (pixel, wanted) => (wanted.every((value, i) => Math.abs(pixel[i] - value) <= 3) ? 'right' : `wrong: ${[...pixel]}`)
for (const name of ['rgb', 'ycc']) {
  const file = readFileSync(`${name}.jpg`)
  const decoded = (more) => near(jpeg.decode(file, { formatAsRGBA: false, ...more }).data.subarray(0, 3), [200, 50, 20])
  console.log(`${name}: sharp ${near(await sharp(file).raw().toBuffer(), [200, 50, 20])}`)
  console.log(`${name}: jpeg-js ${decoded({})}`)
  console.log(`${name}: jpeg-js, colorTransform false, ${decoded({ colorTransform: false })}`)
}
JS
node probe.mjs | tee out.txt
# Seen on 2026-11-29:
# jpeg-js 0.4.4 sharp 0.35.5
# rgb: sharp right
# rgb: jpeg-js wrong: 48,255,61
# rgb: jpeg-js, colorTransform false, right
# ycc: sharp right
# ycc: jpeg-js right
# ycc: jpeg-js, colorTransform false, wrong: 91,88,205
grep -qF 'rgb: sharp right' out.txt
grep -qF 'ycc: sharp right' out.txt
grep -qF 'rgb: jpeg-js wrong: 48,255,61' out.txt
grep -qF 'ycc: jpeg-js right' out.txt
grep -qF 'rgb: jpeg-js, colorTransform false, right' out.txt
grep -qF 'ycc: jpeg-js, colorTransform false, wrong' out.txt
