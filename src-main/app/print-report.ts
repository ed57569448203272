import { pathToFileURL } from 'node:url'
import { BrowserWindow, session } from 'electron'

/** A report as PDF, by a window that nobody sees: it runs no script, and its session loads that one file and nothing else. */
export async function pdfOf(htmlFile: string): Promise<Uint8Array> {
  const page = pathToFileURL(htmlFile).href
  const alone = session.fromPartition('report')
  alone.webRequest.onBeforeRequest((details, decide) => decide({ cancel: details.url !== page }))
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: alone,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      javascript: false,
    },
  })
  try {
    await window.loadURL(page)
    return await window.webContents.printToPDF({ printBackground: true, pageSize: 'A4' })
  } finally {
    window.destroy()
  }
}
