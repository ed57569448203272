/** `npm run screenshots`: every screen with the sample, light and dark, for docs/guide.md and the README. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Driver } from '../test/e2e/driver.ts'
import { openWindow, root } from '../test/e2e/window.ts'

const folder = join(root, 'docs', 'images')
const patientMs = 900_000

await mkdir(folder, { recursive: true })
const app = await openWindow()
const { page, temporaryFolder } = app
const person = new Driver(app)
page.setDefaultTimeout(patientMs)
try {
  await picture('start')
  await person.button('Open the sample').click()
  await page.getByText('Every node can be protected.').waitFor()
  await page.getByText('Side by side').click()
  await page.getByRole('group', { name: 'original network' }).getByText('Conv').first().click()
  await picture('model')

  await person.go('Activations')
  await person.button('Fit polynomials').click()
  await page.getByRole('img', { name: /its polynomials/ }).waitFor({ timeout: patientMs })
  await fromTheTop()
  await picture('activations')

  await person.go('Advice')
  await person.button('Compare deployments').click()
  await page.getByText('Recommended:').first().waitFor({ timeout: patientMs })
  await fromTheTop()
  await picture('advice')

  await person.go('Accuracy')
  await page.getByLabel('Also encrypted').fill('10')
  await person.button('Measure').click()
  const errors = page.getByRole('table', { name: 'Error by layer' })
  await errors.waitFor({ timeout: patientMs })
  await page.getByRole('table', { name: /^Confusion/ }).first().scrollIntoViewIfNeeded() // prettier-ignore
  await picture('accuracy')

  await person.go('Splits')
  await page.getByRole('list', { name: 'Segments' }).waitFor({ timeout: patientMs })
  await person.button('Add a cut').click()
  await page.getByRole('list', { name: 'Segments' }).getByText('Node 2').waitFor({ timeout: patientMs })
  await picture('splits')
  await page.getByRole('slider', { name: 'Cut 1' }).press('Delete')
  await page.getByText('opened by you').waitFor({ timeout: patientMs })

  await person.go('Export')
  for (const label of ['Passphrase of the key', 'Repeat the passphrase']) {
    await page.getByLabel(label).fill('for the pictures only')
  }
  await person.fact('Ring degree').waitFor({ timeout: patientMs })
  await picture('export-before')
  await person.choose(join(temporaryFolder, 'lenet5.sealed'))
  await person.button('Export…').click()
  await page.getByText('is ready for the edge').waitFor({ timeout: patientMs })
  await fromTheTop()
  await picture('export')

  await person.go('Test')
  await person.button('Seal and run').click()
  await page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: patientMs })
  await picture('test')
  await copyFile(join(folder, 'test-light.png'), join(folder, 'app.png'))
  await draw([[60, 50], [160, 50], [100, 190]]) // prettier-ignore
  await person.button('Run encrypted').click()
  await page.locator('.answer').getByText(/s at the edge/).waitFor({ timeout: patientMs }) // prettier-ignore
  await picture('drawn')

  await person.go('Keys')
  await page.getByRole('table', { name: 'Deployments' }).waitFor()
  await picture('keys')
} finally {
  await app.close()
}

async function draw([first, ...others]: readonly (readonly [number, number])[]): Promise<void> {
  const pad = page.getByLabel('Drawing pad')
  await pad.scrollIntoViewIfNeeded()
  const { x, y } = (await pad.boundingBox())!
  await page.mouse.move(x + first[0], y + first[1])
  await page.mouse.down()
  for (const [right, down] of others) await page.mouse.move(x + right, y + down, { steps: 10 })
  await page.mouse.up()
}

/** What a job has made was scrolled to. */
async function fromTheTop(): Promise<void> {
  await settled()
  await page.locator('main').evaluate((main) => main.scrollTo(0, 0))
}

/** Nothing runs, and nothing on the screen is about to be replaced. */
async function settled(): Promise<void> {
  await page.waitForFunction(
    () => !document.querySelector('footer, .stale, .screen > p.muted[role=status]'),
    undefined,
    {
      timeout: patientMs,
    },
  )
  await page.waitForTimeout(300)
}

async function picture(name: string): Promise<void> {
  // Whatever was clicked last is no longer under the mouse.
  await page.mouse.move(0, 0)
  await page.waitForTimeout(500)
  await settled()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(300)
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
}
