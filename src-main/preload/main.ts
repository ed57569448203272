/** What the page can do: named functions, nothing else. Runs sandboxed, in its own world. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { channelOf, jobChannel, menuChannel } from '../ipc/calls.ts'
import type { CallName } from '../ipc/calls.ts'
import type { Bridge, Reply, Request, Result } from '../ipc/contract.ts'

const call = <N extends CallName>(name: N, request?: Request<N>): Promise<Result<Reply<N>>> =>
  ipcRenderer.invoke(channelOf(name), request)

/** Hands on what main sends on `channel`, without Electron's event object; returns how to stop. */
function listen<T>(channel: string, listener: (message: T) => void): () => void {
  const forward = (_event: unknown, message: T): void => listener(message)
  ipcRenderer.on(channel, forward)
  return () => void ipcRenderer.off(channel, forward)
}

const bridge: Bridge = {
  about: () => call('about'),
  openRecent: (request) => call('openRecent', request),
  openPending: () => call('openPending'),
  saveProject: () => call('saveProject'),
  openSample: () => call('openSample'),
  openModel: () => call('openModel'),
  openDropped: (file) => call('openModelAt', webUtils.getPathForFile(file)),
  closeProject: () => call('closeProject'),
  chooseData: (request) => call('chooseData', request),
  dropData: (use, file) => call('chooseDataAt', { use, path: webUtils.getPathForFile(file) }),
  choose: (request) => call('choose', request),
  undo: () => call('undo'),
  redo: () => call('redo'),
  stay: (request) => call('stay', request),
  project: () => call('project'),
  recommend: (request) => call('recommend', request),
  results: () => call('results'),
  copyCommands: () => call('copyCommands'),
  copyText: (request) => call('copyText', request),
  dragBundle: () => call('dragBundle'),
  showProgress: (request) => call('showProgress', request),
  saveReport: (request) => call('saveReport', request),
  showFolder: (request) => call('showFolder', request),
  startJob: (request) => call('startJob', request),
  cancelJob: (request) => call('cancelJob', request),
  onJobUpdate: (listener) => listen(jobChannel, listener),
  onMenu: (listener) => listen(menuChannel, listener),
}

contextBridge.exposeInMainWorld('sealwright', bridge)
