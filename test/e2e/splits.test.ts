import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealRecord } from '../../src-main/owner/gateway/audit-record.ts'
import { Signer } from '../../src-main/owner/sign.ts'
import { model, node } from '../onnx/small-model.ts'
import { violations } from './accessibility.ts'
import { asset, Driver, trained } from './driver.ts'
import { firstOpenMs, openWindow } from './window.ts'
import type { OpenWindow } from './window.ts'

const longMs = 300_000

let app: OpenWindow
let person: Driver
beforeAll(async () => {
  app = await openWindow({ scale: 1.5 })
  person = new Driver(app)
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

const cut = (number = 1) => app.page.getByRole('slider', { name: `Cut ${number}` })
const resize = async (width: number, height: number): Promise<void> => {
  await app.application.evaluate(
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0].setContentSize(size.width, size.height),
    { width, height },
  )
  await app.page.waitForFunction((expected) => Math.abs(innerWidth - expected) <= 1, width)
}
/** The plan that the window shows is that of so many nodes. */
const nodes = (count: number) =>
  expect.poll(() => person.fact('Nodes').textContent(), { timeout: longMs }).toBe(`${count}`)

describe('splits', () => {
  it('plans a network that one node can compute as one', async () => {
    await person.button('Open the sample').click()
    await app.page.getByText('Every node can be protected.').waitFor()
    expect(await person.fact('Multiplicative depth').textContent()).toBe('9')
    await person.go('Splits')
    await nodes(1)
    expect(await app.page.getByRole('list', { name: 'Segments' }).textContent()).toMatch(/9 of 11/)
    expect(await app.page.getByRole('group', { name: /^Layers of the network/ }).textContent()).toContain(
      'depth 9 of 11',
    )
    expect(await violations(app.page)).toEqual([])
  })

  it('cuts by key and by mouse, and says what each node needs and sees', { timeout: longMs }, async () => {
    // Shallower than the sample: each of the plans that follow takes a third of the time.
    await person.open(trained('mnist_cryptonets_relu.onnx'))
    await app.page.locator('.project', { hasText: 'cryptonets' }).waitFor()
    await person.go('Splits')
    await nodes(1)
    await person.button('Add a cut').click()
    await nodes(2)
    const before = await cut().getAttribute('aria-valuetext')
    await cut().press('ArrowLeft')
    await expect.poll(() => cut().getAttribute('aria-valuetext')).not.toBe(before)
    const strip = (await app.page.getByRole('group', { name: /^Layers of the network/ }).boundingBox())!
    const handle = (await cut().boundingBox())!
    await app.page.mouse.move(handle.x + handle.width / 2, handle.y + handle.height / 2)
    await app.page.mouse.down()
    await app.page.mouse.move(strip.x + (strip.width * 2) / 8, handle.y, { steps: 5 })
    await app.page.mouse.up()
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toBe('refresh after relu_2')
    await expect.poll(() => app.page.getByText('refreshed by you').count(), { timeout: longMs }).toBeGreaterThan(0)
    await app.page.getByText('Exact refresh', { exact: true }).click()
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toBe('exact after relu_2')
    await app.page.getByText('with the exact activation').waitFor({ timeout: longMs })
    expect(await violations(app.page)).toEqual([])
  })

  it('sets and removes a cut on the graph, by mouse and by key', { timeout: longMs }, async () => {
    await cut().press('Delete')
    await nodes(1)
    const graph = app.page.getByRole('group', { name: 'network with its cuts' })
    const handle = graph.getByRole('button', { name: 'Cut the graph after relu_2' })
    await handle.click()
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toBe('refresh after relu_2')
    expect(await handle.getAttribute('aria-pressed')).toBe('true')
    await nodes(2)
    expect(await violations(app.page)).toEqual([])
    await handle.press('Delete')
    await nodes(1)
    expect(await handle.getAttribute('aria-pressed')).toBe('false')
    const other = graph.getByRole('button', { name: 'Cut the graph after relu_7' })
    await other.press('Enter')
    await nodes(2)
    await app.page.getByText('Exact refresh', { exact: true }).click()
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toBe('exact after relu_7')
  })

  it('compares proposals, takes one, and undoes it', { timeout: longMs }, async () => {
    await person.button('Compare nodes').click()
    const proposals = app.page.getByRole('table', { name: 'Proposals' })
    await proposals.waitFor({ timeout: longMs })
    await person.button('Use 2 nodes, balanced in time').click()
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toMatch(/^hand-off after/)
    await nodes(2)
    await person.menu('Undo Choice')
    await expect.poll(() => cut().getAttribute('aria-valuetext')).toBe('exact after relu_7')
    await cut().press('Delete')
    await nodes(1)
  })

  it('warns before a plan is asked for, where a node would have too many levels', async () => {
    await person.open(trained('cifar10_resnet8_w8.onnx'))
    await app.page.getByText('Every node can be protected.').waitFor({ timeout: longMs })
    await person.go('Splits')
    await expect.poll(() => cut().count(), { timeout: longMs }).toBeGreaterThan(0)
    const { width, height } = await app.page.evaluate(() => ({ width: innerWidth, height: innerHeight }))
    await resize(1024, 700)
    await cut().focus()
    const warning = app.page.getByText(/depth \d+ of 25: needs the largest ring/)
    expect(await warning.count()).toBe(0)
    for (let step = 0; step < 12; step += 1) await app.page.keyboard.down('ArrowRight')
    expect(await warning.count()).toBeGreaterThan(0)
    // The strip is longer than the window, and scrolls to the cut that is moved.
    const handle = (await cut().boundingBox())!
    expect(handle.x).toBeGreaterThan(212)
    expect(handle.x + handle.width).toBeLessThan(1024)
    await resize(width, height)
  })

  it('can be cut anywhere by keyboard', async () => {
    const gap = app.page.getByRole('button', { name: 'Cut after relu_2', exact: true })
    expect(Number(await gap.evaluate((element) => getComputedStyle(element).opacity))).toBe(0)
    await gap.focus()
    await app.page.keyboard.press('Shift+Tab')
    await app.page.keyboard.press('Tab')
    expect(await gap.evaluate((element) => element === document.activeElement)).toBe(true)
    expect(Number(await gap.evaluate((element) => getComputedStyle(element).opacity))).toBeGreaterThan(0.5)
  })

  it('says why a plan is not possible', { timeout: longMs }, async () => {
    await app.page.keyboard.up('ArrowRight')
    await cut().press('Delete')
    await person.go('Activations')
    await app.page.getByText('Degree 8').click()
    await person.go('Splits')
    await person.alert.waitFor({ timeout: longMs })
    expect(await person.alert.textContent()).toContain('too-deep')
    expect(await app.page.getByText(/depth \d+ of 25: too deep/).count()).toBe(1)
    await person.go('Model')
    const verdict = app.page.locator('.verdict')
    expect(await verdict.textContent()).toContain('But there is no plan yet')
    expect(await verdict.getAttribute('class')).toContain('bad')
    await person.menu('Undo Choice')
    await app.page.getByLabel('Edge', { exact: true }).selectOption('1 GB of memory')
    await expect.poll(() => verdict.textContent(), { timeout: longMs }).toMatch(/more than the 1\.00\sGB of memory/)
    expect(await verdict.getAttribute('class')).toContain('bad')
  })
})

describe('the audit log', () => {
  const signer = Signer.generate()
  const first = sealRecord({ event: 'started', signer: signer.publicDer }, 0, '0'.repeat(64), signer)
  const second = sealRecord({ event: 'refused' }, 1, first.hash, signer)
  const lines = (...records: object[]) => records.map((line) => `${JSON.stringify(line)}\n`).join('')

  it('is shown where its chain holds, and refused where it does not', async () => {
    const log = join(app.temporaryFolder, 'audit.jsonl')
    await writeFile(log, lines(first, second))
    await person.go('Keys')
    await person.choose(log)
    await person.button('Open an audit log…').click()
    const table = app.page.getByRole('table', { name: 'Audit log' })
    await table.waitFor()
    expect(await table.locator('tbody tr').count()).toBe(2)
    expect(await violations(app.page)).toEqual([])
    await writeFile(log, lines(first, { ...second, event: 'released' }))
    await person.button('Open an audit log…').click()
    await person.alert.waitFor()
    expect(await person.alert.textContent()).toMatch(/broken-audit-log|line 2/)
  })
})

describe('files', () => {
  it('are opened by association, and listed as recent', async () => {
    await person.openByAssociation(asset('lenet5.onnx'))
    await app.page.getByText('lenet5.onnx').first().waitFor()
    await person.openByAssociation('/nowhere/gone.onnx')
    await person.menu('Close')
    const recent = app.page.locator('.recent').getByRole('button')
    await recent.first().waitFor()
    const names = await recent.allTextContents()
    expect(names[0]).toContain('lenet5.onnx')
    expect(names[1]).toContain('cifar10_resnet8_w8.onnx')
    expect(names.join()).not.toContain('gone')
    expect(await violations(app.page)).toEqual([])
  })
})

describe('a network of one quantity', () => {
  it(
    'is judged by how far its outputs are off, from the original’s and from the labels',
    { timeout: longMs },
    async () => {
      const path = join(app.temporaryFolder, 'quantity.onnx')
      const data = join(app.temporaryFolder, 'quantity.csv')
      const nodes = [node('Gemm', 'x w b', 'h'), node('Relu', 'h', 'r'), node('MatMul', 'r u', 'y')]
      const weights = {
        w: { shape: [2, 2], values: [1, -1, 0, 0.5] },
        b: { shape: [2], values: [0.1, 0.2] },
        u: { shape: [2, 1], values: [3, -2] },
      }
      await writeFile(path, model(['N', 2], nodes, weights))
      const truth = (a: number, b: number) => 3 * Math.max(0, a + 0.1) - 2 * Math.max(0, 0.2 - a + 0.5 * b)
      const rows = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(3 * i)] as const)
      await writeFile(data, ['a,b,target', ...rows.map(([a, b]) => `${a},${b},${truth(a, b) + 0.25}`)].join('\n'))
      await person.open(path)
      await app.page.getByText('Every node can be protected.').waitFor({ timeout: longMs })
      await person.go('Accuracy')
      for (const use of ['Calibration data', 'Inputs to test']) {
        await person.choose(data)
        await person.button(`File… for ${use}`).click()
        await app.page.getByRole('group', { name: use, exact: true }).getByText('quantity.csv').waitFor()
      }
      // Pixels are so usual that they are what a project begins with.
      const tooSmall = app.page.getByText(/times this scale they nearly vanish/)
      await tooSmall.first().waitFor({ timeout: longMs })
      await app.page.getByLabel('Preset').selectOption({ label: 'Values as they are' })
      await tooSmall.first().waitFor({ state: 'hidden', timeout: longMs })
      await app.page.getByLabel('Also encrypted').fill('1')
      await person.button('Measure').click()
      const networks = app.page.getByRole('table', { name: 'How far outputs are from the original’s' })
      await networks.waitFor({ timeout: longMs })
      expect(await networks.locator('tbody tr').allTextContents()).toEqual([
        expect.stringMatching(/^original\s*40\s*–\s*–\s*–\s*0\.250\s*0\.250$/),
        expect.stringMatching(/^polynomial\s*40\s*0\.\d+/),
        expect.stringMatching(/^encrypted\s*1\s*0\.\d+/),
      ])
      expect(await person.fact('Outputs within').textContent()).toMatch(/^\d+(\.\d+)?\s%$/)
      const screen = await app.page.locator('main').textContent()
      for (const word of ['Labels kept', 'margin over']) expect(screen).not.toContain(word)
      expect(screen).toContain('Samples furthest from the original')
      expect(await violations(app.page)).toEqual([])

      await person.go('Test')
      await person.button('Seal and run').click()
      const comparison = app.page.getByRole('table', { name: 'Comparison' })
      await comparison.waitFor({ timeout: longMs })
      const [says] = await comparison.locator('tbody tr').all()
      const values = (await says.locator('td.label').allTextContents())
        .slice(1)
        .map((text) => Number(text.trim().replace('−', '-')))
      const [original, , encrypted] = values
      expect(original).toBeCloseTo(truth(...rows[0]), 2)
      expect(Math.abs(encrypted - original)).toBeLessThan(1)
      expect(await person.fact('Same labels').count()).toBe(0)
      expect(await person.fact('Difference, at most').textContent()).toMatch(/%$/)
    },
  )
})
