import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { approximate } from '../../src-main/core/approximate/approximate.ts'
import { silent } from '../../src-main/core/progress.ts'
import { centrePolynomials } from '../../src-main/core/tune/centre.ts'
import { openNetworkFile } from '../../src-main/jobs/open-network.ts'
import { plots } from '../../src-main/jobs/plot-activations.ts'
import { tinyOnnx } from '../support/tiny-onnx.ts'

it('draws polynomials over the original function, though tuning leaves their means in the biases behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sealwright-plots-'))
  try {
    const file = join(folder, 'tiny.onnx')
    await writeFile(file, tinyOnnx())
    const { model } = await openNetworkFile({ model: file })
    const samples = Array.from({ length: 100 }, (_, s) =>
      Float64Array.from({ length: 16 }, (__, k) => Math.sin((16 * s + k) ** 2)),
    )
    const fitted = await approximate(model, samples, { degree: 4, tuningEpochs: 0 }, silent)
    const centred = centrePolynomials(fitted, samples)
    const coefficients = (layers: typeof fitted.layers) =>
      layers.flatMap((layer) => (layer.kind === 'polynomial' ? layer.coefficients.map(([constant]) => constant) : []))
    expect(coefficients(centred.layers)).not.toEqual(coefficients(fitted.layers))

    const [layer] = plots(model, centred, samples).layers
    expect(layer.fan.length).toBeGreaterThan(2)
    for (const points of layer.fan) {
      const errors = points.map(({ x, y }) => Math.abs(y - Math.max(0, x)))
      expect(Math.max(...errors)).toBeLessThan(0.25)
    }
    plots(model, fitted, samples).layers[0].fan.forEach((points, i) =>
      points.forEach(({ y }, k) => expect(layer.fan[i][k].y).toBeCloseTo(y, 5)),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})
