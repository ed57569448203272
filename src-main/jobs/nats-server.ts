import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { delimiter, join } from 'node:path'
import { UserError } from '../core/errors.ts'

const startTimeoutMs = 10_000
/** Where packages put it, though it may not be on the PATH of a user. */
const systemFolders = ['/usr/sbin', '/usr/local/bin', '/opt/homebrew/bin']

/** The path of the first nats-server of PATH and the usual folders; undefined where there is none. */
export function findNatsServer(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), ...systemFolders]
  return folders
    .flatMap((folder) => ['nats-server', 'nats-server.exe'].map((name) => join(folder, name)))
    .find((path) => existsSync(path))
}

export interface NatsServerOptions {
  /** Where JetStream keeps what is queued, unless a configuration file says so. */
  readonly folder?: string
  /** A free one unless told. */
  readonly port?: number
  /** Further arguments, `-c FILE` for instance. */
  readonly args?: readonly string[]
}

export interface NatsServer {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  stop(signal?: NodeJS.Signals): Promise<void>
}

/**
 * A NATS server with JetStream on the loopback. It ends with this process.
 * @throws UserError no-nats-server, cannot-listen
 */
export async function startNatsServer({ folder, port, args = [] }: NatsServerOptions): Promise<NatsServer> {
  const program = findNatsServer()
  if (program === undefined) {
    throw new UserError('no-nats-server', 'The program nats-server is not installed.', {
      hint: 'On Debian and Ubuntu: sudo apt-get install nats-server. Elsewhere see https://nats.io/download.',
    })
  }
  const taken = port ?? (await freePort())
  const store = folder === undefined ? [] : ['-js', '-sd', folder]
  const all = [...store, '-a', '127.0.0.1', '-p', String(taken), ...args]
  const child = spawn(program, all, { stdio: ['ignore', 'ignore', 'pipe'], env: ownEnvironment() })
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-2000)))
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void ended.then(() => process.off('exit', kill))
  await untilListening(taken, child).catch((error: unknown) => {
    kill()
    throw new UserError('cannot-listen', `nats-server did not start: ${words.trim().split('\n').at(-1)}`, {
      cause: error,
    })
  })
  return {
    url: `nats://127.0.0.1:${taken}`,
    port: taken,
    process: child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      await ended
    },
  }
}

/** Without our own variables: the passphrase of the key store is none of a server's. */
const ownEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SEALWRIGHT_')))

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + startTimeoutMs
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() > endMs) throw new Error('it does not listen')
    await pause(50)
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })

/** A TCP port of the loopback that nobody listens on now. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
