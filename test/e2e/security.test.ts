import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstOpenMs, openWindow, root } from './window.ts'
import type { OpenWindow } from './window.ts'

let app: OpenWindow
beforeAll(async () => {
  app = await openWindow()
}, firstOpenMs)
afterAll(async () => {
  await app?.close()
})

/** Runs in the page, as script that found its way there would. */
const inPage = <T>(script: () => T | Promise<T>): Promise<T> => app.page.evaluate(script)

describe('what the page cannot do', () => {
  it('reaches neither Node nor Electron', async () => {
    const reachable = await inPage(() =>
      ['require', 'process', 'module', 'Buffer', 'global'].filter((name) => name in window),
    )
    expect(reachable).toEqual([])
  })

  it('has the named calls and no general one', async () => {
    const calls = await inPage(() => Object.keys((window as unknown as { sealwright: object }).sealwright).sort())
    expect(calls).toEqual([
      'about', 'cancelJob', 'choose', 'chooseData', 'closeProject', 'copyCommands', 'copyText', 'dragBundle', 'dropData', 'onJobUpdate', 'onMenu', 'openDropped',
      'openModel', 'openPending', 'openRecent', 'openSample', 'project', 'recommend', 'redo', 'results', 'saveProject',
      'saveReport', 'showFolder', 'showProgress', 'startJob', 'stay', 'undo',
    ]) // prettier-ignore
  })

  it('runs in a sandboxed, isolated world', async () => {
    const preferences = await app.application.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0].webContents as unknown as {
        getLastWebPreferences(): Electron.WebPreferences
      }
      const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences()
      return { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity }
    })
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
    })
    expect(preferences.webSecurity).not.toBe(false)
  })

  it('is served with a policy that allows nothing from elsewhere', async () => {
    const policy = await app.application.evaluate(async ({ session }) => {
      const reply = await session.defaultSession.fetch('app://sealwright/index.html')
      return reply.headers.get('content-security-policy')
    })
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("connect-src 'none'")
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/)
  })

  it('refuses inline script, eval, remote content and requests', async () => {
    const outcome = await inPage(async () => {
      const script = document.createElement('script')
      script.textContent = 'window.injected = true'
      document.body.append(script)
      const loads = (url: string) =>
        new Promise<boolean>((resolve) => {
          const image = new Image()
          image.onload = () => resolve(true)
          image.onerror = () => resolve(false)
          image.src = url
        })
      // Later, because the policy does not bind what the test itself evaluates.
      const evaluated = await new Promise<boolean>((resolve) => {
        setTimeout(() => {
          try {
            new Function('return 1')()
            resolve(true)
          } catch {
            resolve(false)
          }
        })
      })
      return {
        injected: 'injected' in window,
        evaluated,
        image: await loads('https://example.com/picture.png'),
        file: await loads('file:///usr/share/pixmaps/debian-logo.png'),
        fetched: await fetch('app://sealwright/index.html').then(() => true, () => false), // prettier-ignore
      }
    })
    expect(outcome).toEqual({ injected: false, evaluated: false, image: false, file: false, fetched: false })
  })

  it('can neither navigate nor open a window', async () => {
    await inPage(() => {
      location.href = 'https://example.com/'
    })
    const opened = await inPage(() => window.open('https://example.com/') !== null)
    await app.page.waitForTimeout(300)
    expect(opened).toBe(false)
    expect(app.page.url()).toBe('app://sealwright/index.html')
    expect(await app.application.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  })

  it('can have only listed pages opened in the person’s own browser', async () => {
    await app.application.evaluate(({ shell }) => {
      const opened: string[] = []
      Object.assign(globalThis, { opened })
      shell.openExternal = async (url) => void opened.push(url)
    })
    await inPage(() => {
      window.open('https://onnx.ai/')
      window.open('https://onnx.ai.example.com/')
      window.open('file:///etc/passwd')
    })
    await app.page.waitForTimeout(200)
    const opened = await app.application.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)
    expect(opened).toEqual(['https://onnx.ai/'])
  })

  it('opens pages of its own documentation from the Help menu', async () => {
    await app.application.evaluate(({ shell }) => {
      const pages: string[] = []
      Object.assign(globalThis, { pages })
      shell.openPath = async (path) => (pages.push(path), '')
    })
    await app.application.evaluate(({ Menu }) => {
      const help = Menu.getApplicationMenu()!.items.find(({ label }) => label === '&Help')
      for (const item of help!.submenu!.items.slice(0, 5)) item.click()
    })
    const pages = await app.application.evaluate(() => (globalThis as unknown as { pages: string[] }).pages)
    expect(pages.map((path) => basename(path))).toEqual(['guide.md', 'data.md', 'security.md', 'errors.md', 'cli.md'])
    expect(pages.every((path) => existsSync(path))).toBe(true)
  })

  it('is heard only from the main frame of its own window', async () => {
    const preload = join(root, 'out', 'app', 'preload.cjs')
    const code = await app.application.evaluate(async ({ BrowserWindow }, path) => {
      const other = new BrowserWindow({ show: false, webPreferences: { preload: path, sandbox: true } })
      await other.loadURL('app://sealwright/index.html')
      const script = 'window.sealwright.about().then(({ error }) => error?.code)'
      const found = (await other.webContents.executeJavaScript(script)) as string
      other.destroy()
      return found
    }, preload)
    expect(code).toBe('untrusted-sender')
  })

  it('is granted no permission', async () => {
    const states = await inPage(async () => {
      const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'] as PermissionName[]
      return await Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state))
    })
    expect(new Set(states)).toEqual(new Set(['denied']))
  })

  it('gets an error, not an effect, for a request that does not fit', async () => {
    const codes = await inPage(async () => {
      const api = (window as unknown as { sealwright: Record<string, (request: unknown) => Promise<unknown>> })
        .sealwright
      const replies = [
        await api.startJob({ job: 'trial', samples: 1e9 }),
        await api.startJob({ job: 'shell', command: 'id' }),
        await api.startJob(null),
        await api.choose({ preprocessing: { scale: 'x'.repeat(1e6), mean: [0], std: [1] } }),
        await api.choose({ degree: 3 }),
        await api.chooseData({ use: 'calibration', from: 'file', path: '/etc/passwd' }),
        await api.cancelJob({ jobId: 'j'.repeat(100) }),
        await api.openRecent({ place: -1 }),
        await api.saveReport({ format: 'exe' }),
        await api.showFolder({ of: '/etc' }),
        await api.stay({ stage: 'shell' }),
        await api.choose({ split: { by: 'cuts', cuts: [{ after: 'a', kind: 'none' }] } }),
        await api.startJob({ job: 'batch', samples: 3, deployment: '../keys' }),
      ]
      return replies.map((reply) => (reply as { error?: { code: string } }).error?.code)
    })
    expect(new Set(codes)).toEqual(new Set(['bad-request']))
  })

  it('cannot read files through its own scheme', async () => {
    const statuses = await app.application.evaluate(async ({ session }) => {
      const urls = [
        'app://sealwright/../app/main.js',
        'app://sealwright/%2e%2e/app/main.js',
        'app://elsewhere/index.html',
      ]
      return await Promise.all(urls.map(async (url) => (await session.defaultSession.fetch(url)).status))
    })
    expect(statuses).toEqual([404, 404, 404])
  })
})
