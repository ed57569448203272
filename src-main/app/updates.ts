/**
 * Updates, where the package was built with a feed (`SEALWRIGHT_UPDATE_FEED=https://… npm run release` writes app-update.yml
 * beside the program); otherwise nothing is ever asked of the network.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { app } from 'electron'

export async function watchForUpdates(): Promise<void> {
  if (!app.isPackaged || !existsSync(join(process.resourcesPath, 'app-update.yml'))) return
  const { autoUpdater } = (await import('electron-updater')).default
  autoUpdater.allowDowngrade = false
  // The person is told, and it is installed when they leave; no feed and no network are not worth a word.
  await autoUpdater.checkForUpdatesAndNotify().catch(() => {})
}
