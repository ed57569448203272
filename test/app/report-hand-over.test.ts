import { describe, expect, it } from 'vitest'
import { withHandOver } from '../../src-main/app/report-hand-over.ts'
import type { SplitPlan } from '../../src-main/ipc/results.ts'

const segment: SplitPlan['segments'][number] = {
  ...{ levels: 5, depth: 9, polyModulusDegree: 16_384, logQP: 229.6, maxLogQP: 430 },
  ...{
    bundleBytes: 143e6,
    keyBytes: 29e6,
    ...{ edgeMemoryBytes: 5e8, leastEdgeMemoryBytes: 3e8, expandedWeights: 0, expansionSeconds: 0 },
    edgeSeconds: 0.31,
    receivedBytes: 0,
    sentBytes: 131_072,
  },
  sees: {
    input: 'own-samples',
    inputElements: 784,
    outputElements: 10,
    layers: [{ name: 'conv_1', kind: 'linear', shape: [6, 28, 28] }],
  },
}
const plan: SplitPlan = {
  segments: [segment, { ...segment, sees: { ...segment.sees, input: 'ciphertexts' } }],
  cuts: [{ after: 'conv_1', kind: 'refresh' }],
  cutPoints: [],
  basis: 'fit',
  budget: { bitsAllowed: 260, answers: [] },
  seconds: 1,
}
const page = '<!doctype html>\n<body>\n<h1>net.onnx</h1>\n</body>\n</html>\n'

describe('a saved report', () => {
  it('has what the plan costs, who sees what, and the commands, before its end', () => {
    const html = withHandOver(page, plan, "sealwright inspect 'a & b.onnx'\n")
    for (const part of [
      '143 MB, of which keys 29.0 MB',
      '9 on 5 levels',
      'refreshed by the owner',
      'opened by the owner',
    ]) {
      expect(html).toContain(part)
    }
    expect(html).toContain('its own samples, kinds and shapes of 1 layer, 131 kB of ciphertexts')
    expect(html).toContain('<pre>sealwright inspect &#39;a &amp; b.onnx&#39;')
    expect(html).toMatch(/<\/pre>\n<\/body>\n<\/html>\n$/)
  })

  it('says where a plan was made before the fit, and leaves out one that there is not', () => {
    expect(withHandOver(page, { ...plan, basis: 'network' }, '')).toContain('before the fit')
    const without = withHandOver(page, undefined, 'sealwright $& inspect')
    expect(without).not.toContain('What it costs')
    expect(without).toContain('sealwright $&amp; inspect')
  })
})
