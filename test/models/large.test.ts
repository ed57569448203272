import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { writeModel } from '../onnx/write-model.ts'
import type { Examined } from './examine-child.ts'

const child = fileURLToPath(new URL('examine-child.ts', import.meta.url))

describe('a model of a hundred megabytes', () => {
  it('is examined in ten seconds and two gigabytes', { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'large-model-'))
    try {
      const [hidden, inputs] = [8192, 3136]
      const values = Float32Array.from({ length: hidden * inputs }, (_, index) => Math.sin(index) / 100)
      const bytes = writeModel({
        inputs: [{ name: 'x', shape: ['N', 1, 56, 56] }],
        outputs: [{ name: 'y', shape: ['N', 10] }],
        nodes: [
          { operator: 'Flatten', inputs: ['x'], outputs: ['f'] },
          { operator: 'Gemm', inputs: ['f', 'w'], outputs: ['h'], attributes: { transB: 1 } },
          { operator: 'Relu', inputs: ['h'], outputs: ['r'] },
          { operator: 'Gemm', inputs: ['r', 'v'], outputs: ['y'], attributes: { transB: 1 } },
        ],
        constants: {
          w: { shape: [hidden, inputs], values },
          v: { shape: [10, hidden], values: values.subarray(0, 10 * hidden) },
        },
      })
      expect(bytes.length).toBeGreaterThan(100e6)
      writeFileSync(join(folder, 'large.onnx'), bytes)
      const started = performance.now()
      const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', child, 'files', folder], {
        encoding: 'utf8',
      })
      const seconds = (performance.now() - started) / 1000
      expect(stderr).toBe('')
      const examined = JSON.parse(stdout) as Examined
      console.log(`large model: ${seconds.toFixed(1)} s, ${Math.round(examined.peakBytes / 1e6)} MB`)
      expect(examined.outcome).toBe('model')
      expect(examined.cpuMs).toBeLessThan(10_000)
      expect(examined.peakBytes).toBeLessThan(2 ** 31)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
