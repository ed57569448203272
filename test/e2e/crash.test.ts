import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { firstOpenMs, openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

const stage = (app: OpenWindow, name: string) =>
  app.page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name })

describe('after a crash', () => {
  it('the project is where it was left, and what was only tried is gone', { timeout: firstOpenMs }, async () => {
    const profile = await mkdtemp(join(tmpdir(), 'sealwright-profile-'))
    try {
      const first = await openWindow({ profile })
      await first.application.evaluate(
        ({ dialog }, model) => {
          dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [model] })
        },
        join(root, 'test', 'models', 'trained', 'mnist_cryptonets_relu.onnx'),
      )
      await first.page.getByRole('button', { name: 'Open an ONNX or TFLite file…' }).click()
      await first.page.getByText('Every node can be protected.').waitFor()
      await first.application.evaluate(
        ({ dialog }, data) => {
          dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [data] })
        },
        join(root, 'assets', 'digits'),
      )
      await stage(first, 'Test').click()
      await first.page.getByRole('button', { name: 'Folder… for Calibration data' }).click()
      await first.page.getByRole('button', { name: 'Folder… for Inputs to test' }).click()
      await first.page.getByText('digits').nth(1).waitFor()
      await first.page.getByRole('button', { name: 'Seal and run' }).click()
      await first.page.getByText('Encrypting weights').first().waitFor({ timeout: 200_000 })
      expect(await readdir(join(profile, 'trials'))).toHaveLength(1)
      process.kill(first.pid, 'SIGKILL')
      await first.close()

      const second = await openWindow({ profile })
      await second.page.getByRole('button', { name: /^mnist_cryptonets_relu.onnx/ }).click()
      // The screen is the one that was open, too.
      await second.page.getByRole('heading', { name: 'Test', exact: true }).waitFor()
      await expect.poll(() => second.page.getByText('digits').count(), { timeout: 20_000 }).toBe(2)
      expect(await readdir(profile)).not.toContain('trials')
      await second.close()
    } finally {
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  })
})
