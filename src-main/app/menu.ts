import { join } from 'node:path'
import { app, Menu, shell } from 'electron'
import type { MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../ipc/contract.ts'
import { stageId, type StageId } from '../ipc/views.ts'

/** As the rail calls it. */
const titleOf = (id: StageId): string => (id === 'advise' ? 'Advice' : id.charAt(0).toUpperCase() + id.slice(1))

/** @param docs - the folder of the documentation */
export function setMenu(ask: (command: MenuCommand) => void, docs: string): void {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    ...(accelerator && { accelerator }),
    click: () => ask(command),
  })
  const page = (label: string, name: string): MenuItemConstructorOptions => ({
    label,
    click: () => void showPage(join(docs, `${name}.md`)),
  })
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        item('&Open…', 'open-model', 'CmdOrCtrl+O'),
        item('Open &Sample', 'open-sample', 'CmdOrCtrl+Shift+O'),
        item('Save Project &As…', 'save-project', 'CmdOrCtrl+S'),
        item('&Close', 'close-project', 'CmdOrCtrl+W'),
        { type: 'separator' },
        { role: 'quit' },
      ],
    },
    {
      label: '&Edit',
      submenu: [
        item('&Undo Choice', 'undo', 'CmdOrCtrl+Z'),
        item('&Redo Choice', 'redo', 'CmdOrCtrl+Shift+Z'),
        item('Copy as &Commands', 'copy-commands', 'CmdOrCtrl+Shift+C'),
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        ...stageId.options.map((id, place) => item(titleOf(id), `go-${id}`, `CmdOrCtrl+${place + 1}`)),
        { type: 'separator' },
        item('&Next Stage', 'next-stage', 'CmdOrCtrl+Down'),
        item('&Previous Stage', 'previous-stage', 'CmdOrCtrl+Up'),
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      ],
    },
    { role: 'windowMenu' },
    {
      label: '&Help',
      submenu: [
        page('&Guide to This Window', 'guide'),
        page('&Data That Can Be Read', 'data'),
        page('&What the Edge Can Learn', 'security'),
        page('&Error Codes', 'errors'),
        page('&Command Line', 'cli'),
        { type: 'separator' },
        { label: 'Microsoft &SEAL', click: () => void shell.openExternal('https://github.com/microsoft/SEAL') },
        { label: 'The &Paper behind It', click: () => void shell.openExternal('https://arxiv.org/abs/1907.04246') },
        { type: 'separator' },
        { role: 'about' },
      ],
    },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

/** In whatever the desktop opens such a file with; where there is nothing, the file is shown in its folder. */
async function showPage(path: string): Promise<void> {
  if ((await shell.openPath(path)) !== '') shell.showItemInFolder(path)
}
