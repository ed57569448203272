#!/usr/bin/env node
/**
 * The `sealwright` command. Plain JavaScript, so that any Node can start it: it goes on under a Node that can
 * run TypeScript and load node-seal, which the project brings along for machines whose own cannot.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { admits } from './node-range.js'

const root = new URL('../../', import.meta.url)
const main = new URL('src-main/cli/main.ts', root)
const { engines } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
const own = ['node_modules/.bin/node', `node_modules/node-${process.platform}-${process.arch}/bin/node`]

if (admits(engines.node, process.versions.node)) await import(main.href)
else {
  const node = own.map((path) => new URL(path, root)).find((candidate) => existsSync(candidate))
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
    `Sealwright needs Node ${engines.node.replaceAll(' || ', ', or ')}, and this is ${process.versions.node}. ` +
    'Install one of these; on Linux, `npm ci` brings one along, and `npm run sealwright` uses it.'
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: { code: 'node-too-old', message } }))
  else console.error(message)
  process.exit(1)
}
