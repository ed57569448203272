/** `node examples/browser-edge/serve.ts FOLDER`: builds the page and serves it with the unpacked bundle in FOLDER, on this machine only. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { buildPage } from './build.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
}

/** Without these two a page has no shared memory: https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated */
const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

export function servePage(page: string, bundle: string): Server {
  return createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    const file = path.startsWith('/bundle/')
      ? join(bundle, path.slice(8))
      : join(page, path === '/' ? 'index.html' : path)
    stat(file).then(
      () => {
        const type = types[extname(file)] ?? 'application/octet-stream'
        response.writeHead(200, { ...isolated, 'content-type': type })
        createReadStream(file).pipe(response)
      },
      () => response.writeHead(404).end(),
    )
  })
}

if (import.meta.main) {
  const [bundle] = process.argv.slice(2)
  if (bundle === undefined) {
    process.stderr.write('Usage: node examples/browser-edge/serve.ts FOLDER\n')
    process.exit(1)
  }
  const server = servePage(await buildPage(), bundle)
  server.listen(8081, '127.0.0.1', () => process.stdout.write('http://127.0.0.1:8081\n'))
}
