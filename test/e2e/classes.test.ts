/** A network of many classes, whose calibration samples have true ones. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { model, node } from '../onnx/small-model.ts'
import { violations } from './accessibility.ts'
import { Driver } from './driver.ts'
import { cutOff } from './fits.ts'
import { firstOpenMs, openWindow } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000
/** As many as traffic signs in the German benchmark. */
const classes = 43

let app: OpenWindow
let person: Driver
beforeAll(async () => {
  app = await openWindow()
  person = new Driver(app)
  await writeFile(join(app.temporaryFolder, 'signs.onnx'), network())
  await writeFile(join(app.temporaryFolder, 'signs.csv'), table(0))
  await writeFile(join(app.temporaryFolder, 'others.csv'), table(0.3))
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

const angleOf = (label: number): number => (2 * Math.PI * label) / classes

/** Says which of 43 directions a point lies in: x = relu(x) − relu(−x). */
function network(): Uint8Array {
  const all = Array.from({ length: classes }, (_, label) => angleOf(label))
  const [cos, sin] = [all.map(Math.cos), all.map(Math.sin)]
  const constants = {
    w: { shape: [2, 4], values: [1, -1, 0, 0, 0, 0, 1, -1] },
    u: { shape: [4, classes], values: [...cos, ...cos.map((value) => -value), ...sin, ...sin.map((value) => -value)] },
  }
  return model(['N', 2], [node('MatMul', 'x w', 'h'), node('Relu', 'h', 'r'), node('MatMul', 'r u', 'y')], constants)
}

/** Six samples of each class, one of them of class 7 named 8. */
function table(turned: number): string {
  const rows = Array.from({ length: 6 * classes }, (_, index) => {
    const label = index % classes
    const angle = angleOf(label) + (turned - 0.15) * (2 * Math.PI) / classes // prettier-ignore
    return `${Math.cos(angle)},${Math.sin(angle)},${index === 7 ? 8 : label}`
  })
  return ['x,y,label', ...rows].join('\n')
}

const row = (use: string) => app.page.getByRole('group', { name: use, exact: true })
const useFile = async (use: string, name: string): Promise<void> => {
  await person.choose(join(app.temporaryFolder, name))
  await person.button(`File… for ${use}`).click()
  await row(use).getByText(name).waitFor()
}

describe('true classes of the calibration samples', () => {
  const use = 'Classes of the calibration data'

  it('are taken only where they are asked for, from the samples or from a file', { timeout: longMs }, async () => {
    await person.open(join(app.temporaryFolder, 'signs.onnx'))
    await app.page.getByText('Every node can be protected.').waitFor({ timeout: longMs })
    await person.go('Activations')
    await useFile('Calibration data', 'signs.csv')
    await app.page.getByLabel('Preset').selectOption({ label: 'Values as they are' })
    await row('Calibration data')
      .getByText(/43\sclasses/)
      .waitFor({ timeout: longMs })
    const drawn = row('Calibration data').getByRole('list', { name: 'Some of the samples' })
    expect(await drawn.locator('svg[role=img] polyline').count(), 'signals as lines').toBe(8)
    await fit()
    expect(await person.fits()).toBe(1)
    await person.button('Those in the data').click()
    await row(use).getByText('signs.csv').waitFor()
    await app.page.getByText('These results were computed with earlier choices.').waitFor()
    await fit()
    expect(await person.fits(), 'another fit, towards the classes').toBe(2)
    expect(await commands()).toContain('--calibration-labels ')
    expect(await violations(app.page)).toEqual([])
  })

  it('are told to be wrong at once, and can be left out again', { timeout: longMs }, async () => {
    const few = join(app.temporaryFolder, 'few.txt')
    await writeFile(few, '1\n2\n')
    await person.choose(few)
    await person.button(`File… for ${use}`).click()
    await expect.poll(() => person.alert.textContent(), { timeout: longMs }).toContain('bad-labels')
    await person.button(`Leave out ${use}`).click()
    await person.alert.waitFor({ state: 'hidden', timeout: longMs })
    expect(await commands()).not.toContain('--calibration-labels')
    await fit()
    expect(await person.fits(), 'the first fit again').toBe(2)
  })

  async function fit(): Promise<void> {
    await person.button(/^Fit (polynomials|again)$/).click()
    await person.button('Cancel Fitting polynomials').waitFor({ state: 'hidden', timeout: longMs })
    await person.fact('Labels kept').waitFor({ timeout: longMs })
  }

  async function commands(): Promise<string> {
    await person.menu('Copy as Commands')
    await app.page.waitForTimeout(300)
    return await app.application.evaluate(({ clipboard }) => clipboard.readText())
  }
})

describe('a confusion matrix of 43 classes', () => {
  it('fits its width, and says above what is most often confused', { timeout: longMs }, async () => {
    await person.go('Accuracy')
    await useFile('Inputs to test', 'others.csv')
    await app.page.getByLabel('Class names').fill(Array.from({ length: classes }, (_, at) => `sign ${at}`).join(', '))
    await app.page.keyboard.press('Tab')
    await person.button('Measure').click()
    const matrix = app.page.getByRole('table', { name: 'Confusion matrix, Original' })
    await matrix.waitFor({ timeout: longMs })
    expect(await matrix.locator('tbody tr').count()).toBe(classes)
    const card = app.page.locator('.card', { has: matrix })
    expect(await card.textContent()).toContain('Most often confused: 8 sign 8 taken for 7 sign 7 (1).')
    for (const [width, height] of [
      [1280, 800],
      [1024, 700],
    ] as const) {
      await app.application.evaluate(
        ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0].setContentSize(size.width, size.height),
        { width, height },
      ) // prettier-ignore
      await app.page.waitForFunction((expected) => Math.abs(innerWidth - expected) <= 1, width)
      expect(await cutOff(app.page, { scrolling: false }), `${width}`).toEqual([])
      const [outer, inner] = [(await card.boundingBox())!, (await matrix.boundingBox())!]
      expect(inner.x + inner.width, `${width}`).toBeLessThanOrEqual(outer.x + outer.width)
      const last = (await matrix.locator('tbody tr').last().locator('td').last().boundingBox())!
      expect(last.width, `${width}`).toBeGreaterThan(3)
    }
    expect(await violations(app.page)).toEqual([])
  })
})

describe('a network of many nodes', () => {
  it('is drawn as blocks that fit, and with an overview where every node is', { timeout: longMs }, async () => {
    const many = Array.from({ length: 24 }, (_, at) => [
      node('MatMul', `${at === 0 ? 'x' : `r${at - 1}`} w`, `h${at}`),
      node('Relu', `h${at}`, `r${at}`),
    ]).flat()
    const path = join(app.temporaryFolder, 'deep.onnx')
    await writeFile(path, model(['N', 2], many, { w: { shape: [2, 2], values: [1, 0, 0, 1] } }))
    await person.open(path)
    await app.page.getByText('Every node can be protected.').waitFor({ timeout: longMs })
    const drawn = app.page.locator('.svelte-flow__node')
    await expect.poll(() => drawn.count(), { timeout: longMs }).toBeGreaterThan(0)
    expect(await drawn.count()).toBeLessThan(10)
    const overview = app.page.getByRole('img', { name: 'Overview' })
    expect(await overview.count()).toBe(0)
    await app.page.getByLabel('Blocks as one box').uncheck()
    await overview.waitFor({ timeout: longMs })
    expect(await violations(app.page)).toEqual([])
  })
})
