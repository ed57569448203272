import { join } from 'node:path'
import { app, BrowserWindow, Menu, session, shell } from 'electron'
import type { IpcMainInvokeEvent } from 'electron'
import { pageOrigin, pageUrl } from './page.ts'

/** Pages that a link may open in the person's own browser. */
const externalPages = ['https://onnx.ai/', 'https://github.com/microsoft/SEAL', 'https://arxiv.org/abs/']

export function createWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1280,
    height: 840,
    minWidth: 1024,
    minHeight: 700,
    show: false,
    title: 'Sealwright',
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  window.webContents.on('context-menu', (_event, { isEditable, selectionText, editFlags }) => {
    const roles = isEditable ? (['cut', 'copy', 'paste', 'selectAll'] as const) : (['copy'] as const)
    if (!isEditable && selectionText.trim() === '') return
    const can = { cut: editFlags.canCut, copy: editFlags.canCopy, paste: editFlags.canPaste, selectAll: true }
    Menu.buildFromTemplate(roles.map((role) => ({ role, enabled: can[role] }))).popup({ window })
  })
  window.once('ready-to-show', () => window.show())
  void window.loadURL(pageUrl)
  return window
}

/** No navigation, no new windows, no embedded pages, no permissions: for every web contents there will ever be. */
export function denyByDefault(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault())
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      if (externalPages.some((page) => url.startsWith(page))) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false))
  session.defaultSession.setPermissionCheckHandler(() => false)
  session.defaultSession.setDevicePermissionHandler(() => false)
}

/** Only the main frame of our own page in our own window may call. */
export function isTrustedSender(event: IpcMainInvokeEvent, window: BrowserWindow | undefined): boolean {
  const frame = event.senderFrame
  if (!window || !frame || event.sender !== window.webContents || frame !== window.webContents.mainFrame) return false
  const url = new URL(frame.url)
  return `${url.protocol}//${url.host}` === pageOrigin
}

export const preloadPath = (folder: string): string => join(folder, 'preload.cjs')
