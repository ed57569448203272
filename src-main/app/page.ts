/** The page's own scheme: `app://sealwright/…` serves the built renderer, and nothing else is ever loaded. */
import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import { protocol, session } from 'electron'

export const pageOrigin = 'app://sealwright'
export const pageUrl = `${pageOrigin}/index.html`

/** No remote content, no inline script, no eval, no frames, no forms. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/** Call before the app is ready. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
}

/** Serves the files of `folder`, and refuses every other request of the session. */
export function servePage(folder: string): void {
  protocol.handle('app', async (request) => {
    const url = new URL(request.url)
    const path = normalize(join(folder, decodeURIComponent(url.pathname)))
    const mediaType = mediaTypes[extname(path)]
    if (url.host !== 'sealwright' || !path.startsWith(folder + sep) || !mediaType) return refused()
    try {
      return new Response(await readFile(path), {
        headers: {
          'content-type': mediaType,
          'content-security-policy': contentSecurityPolicy,
          'x-content-type-options': 'nosniff',
        },
      })
    } catch {
      return refused()
    }
  })
  session.defaultSession.webRequest.onBeforeRequest((details, decide) => {
    decide({ cancel: !/^(app|data|devtools):/.test(details.url) })
  })
}

const refused = (): Response => new Response('Not found', { status: 404 })
