/** `npm run screenshots`: every screen with the sample, light and dark, for docs/guide.md and the README. */
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openWindow, root } from '../test/e2e/window.ts'

const folder = join(root, 'docs', 'images')
const patientMs = 600_000

await mkdir(folder, { recursive: true })
const { page, application, temporaryFolder, close } = await openWindow()
try {
  await picture('start')
  await page.getByRole('button', { name: 'Open the sample' }).click()
  await page.getByText('Every node can be protected.').waitFor()
  await page.getByRole('group', { name: 'original network' }).getByText('Conv').first().click()
  await page.getByText('Side by side').click()
  await page.waitForTimeout(600)
  await picture('model')

  await open('Activations')
  await page.getByRole('button', { name: 'Fit polynomials' }).click()
  await page.getByRole('img', { name: /its polynomials/ }).waitFor({ timeout: patientMs })
  await picture('activations')

  await open('Test')
  await page.getByRole('button', { name: 'Seal and run' }).click()
  await page.getByRole('table', { name: 'Comparison' }).waitFor({ timeout: patientMs })
  await picture('test')

  await open('Export')
  const out = join(temporaryFolder, 'lenet5.sealed')
  await application.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = async () => ({ canceled: false, filePath })
  }, out)
  for (const label of ['Passphrase of the key', 'Repeat the passphrase']) {
    await page.getByLabel(label).fill('for the pictures only')
  }
  await page.getByRole('button', { name: 'Export…' }).click()
  await page.getByText('is ready for the edge').waitFor({ timeout: patientMs })
  await picture('export')

  await open('Keys')
  await page.getByRole('table', { name: 'Deployments' }).waitFor()
  await picture('keys')
  await copyFile(join(folder, 'test-light.png'), join(folder, 'app.png'))
} finally {
  await close()
}

async function open(stage: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Stages' }).getByRole('button', { name: stage }).click()
}

async function picture(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(300)
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) })
  }
}
