/** `npm run check`: every `check:` script of package.json, two at a time. What one says is shown once it has ended. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import about from '../package.json' with { type: 'json' }

const atOnce = 2
const waiting = Object.keys(about.scripts).filter((name) => name.startsWith('check:'))

async function succeeds(name: string): Promise<boolean> {
  const child = spawn(`npm run --silent ${name} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<boolean>((resolve) => child.once('close', (code) => resolve(code === 0)))
  const said = await text(child.stdout)
  const isRight = await ended
  process.stdout.write(`${name}${isRight ? '' : ' failed'}\n${said}`)
  return isRight
}

async function checkInTurn(): Promise<boolean> {
  let areRight = true
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    areRight = (await succeeds(name)) && areRight
  }
  return areRight
}

const found = await Promise.all(Array.from({ length: atOnce }, checkInTurn))
if (!found.every(Boolean)) process.exitCode = 1
