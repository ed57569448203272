/**
 * Every screen with two of the project's own networks; and with those of the file that E2E_NETWORKS names, whole runs under
 * encryption included (see docs/guide.md).
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { npyFile } from '../../src-main/data/npy-file.ts'
import { violations } from './accessibility.ts'
import { asset, Driver, trained } from './driver.ts'
import { firstOpenMs, openWindow } from './window.ts'
import type { OpenWindow } from './window.ts'

interface Network {
  readonly model: string
  readonly calibration: string
  readonly inputs: string
  readonly labels?: string
  readonly preprocessing?: { readonly scale: string; readonly mean: string; readonly std: string }
}

const further = process.env.E2E_NETWORKS
const longMs = further ? 3_600_000 : 300_000

let app: OpenWindow
let person: Driver
let folder: string
beforeAll(async () => {
  app = await openWindow({ scale: 1.25 })
  person = new Driver(app)
  folder = await mkdtemp(join(tmpdir(), 'sealwright-networks-'))
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
  await rm(folder, { recursive: true, force: true })
})

/** Samples of any shape: what the screens show of them is not under test here. */
async function noise(name: string, dims: readonly number[]): Promise<string> {
  const size = dims.reduce((product, length) => product * length, 1)
  const path = join(folder, `${name}.npy`)
  await writeFile(
    path,
    npyFile(
      dims,
      Float64Array.from({ length: size }, (_, at) => Math.sin(at * at)),
    ),
  )
  return path
}

const own: Record<string, () => Promise<Network>> = {
  'mnist_cryptonets_relu.onnx': async () => ({
    model: trained('mnist_cryptonets_relu.onnx'),
    calibration: asset('digits'),
    inputs: asset('digits'),
  }),
  'ecg200_cnn1d_relu.onnx': async () => ({
    model: trained('ecg200_cnn1d_relu.onnx'),
    calibration: await noise('calibration', [40, 1, 1, 96]),
    inputs: await noise('inputs', [20, 1, 1, 96]),
    preprocessing: { scale: '1', mean: '0', std: '1' },
  }),
}

async function walk(network: Network, sealed: boolean): Promise<void> {
  const { page } = app
  await person.open(network.model)
  await page.getByText('Every node can be protected.').waitFor({ timeout: longMs })
  await page.locator('.svelte-flow__node').first().waitFor()

  await person.go('Accuracy')
  for (const [use, path] of [
    ['Calibration data', network.calibration],
    ['Inputs to test', network.inputs],
    ['Labels of the inputs', network.labels],
  ] as const) {
    if (path === undefined) continue
    await person.choose(path)
    await person.button(`File… for ${use}`).click()
  }
  const fields = Object.entries({ Scale: 'scale', Mean: 'mean', Deviation: 'std' } as const)
  for (const [label, key] of network.preprocessing ? fields : []) {
    await page.getByLabel(new RegExp(`^${label}`)).fill(network.preprocessing![key])
    await page.keyboard.press('Tab')
  }
  const fits = await person.fits()
  await person.go('Activations')
  await person.button('Fit polynomials').click()
  await page.getByRole('img', { name: /its polynomials/ }).waitFor({ timeout: longMs })
  await person.go('Accuracy')
  await person.button('Measure').click()
  await page.getByRole('table', { name: 'Error by layer' }).waitFor({ timeout: longMs })
  expect(await person.fits(), 'one fit for both screens').toBe(fits + 1)
  expect(await violations(page)).toEqual([])
  await person.go('Splits')
  await page.getByRole('list', { name: 'Segments' }).waitFor({ timeout: longMs })
  expect(await violations(page)).toEqual([])
  await person.go('Export')
  await person.fact('Ring degree').waitFor({ timeout: longMs })
  await person.go('Test')
  expect(await person.button('Seal and run').isEnabled()).toBe(true)
  if (!sealed) return
  await person.button('Seal and run').click()
  await page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: longMs })
  expect(await person.alert.allTextContents()).toEqual([])
}

describe('every screen', () => {
  it.each(Object.keys(own))('shows %s', { timeout: longMs }, async (name) => {
    await walk(await own[name](), false)
  })

  const networks = further === undefined ? [] : (JSON.parse(readFileSync(further, 'utf8')) as Network[])
  it.for(networks)('shows, seals and runs $model', { timeout: longMs }, async (network) => {
    await walk(network, true)
  })
})
