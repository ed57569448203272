import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { Submitter } from '../../src-main/edge/nats/submit.ts'
import { startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import type { AuditOptions } from '../../src-main/owner/gateway/audits.ts'
import { openDesk, type Desk } from '../../src-main/owner/gateway/desk.ts'
import { answerQueues } from '../../src-main/owner/gateway/queues.ts'
import { root } from '../support/cli.ts'

/** Something protected, with the key store that opens it. */
export interface Deployment {
  readonly id: string
  readonly bundle: string
  readonly keysFolder: string
  readonly passphrase: string
}

export interface ClusterOptions {
  /** An empty folder for the server's files and the audit log. */
  readonly folder: string
  /** Tasks that a queue holds. */
  readonly limit?: number
  /** Each node on a core of its own, as far as they go. */
  readonly isPinned?: boolean
  readonly nodeOptions?: readonly string[]
  /** The gateway too in a process of its own, which may be killed; it has no `desk` here. */
  readonly isGatewayApart?: boolean
  /** Of a deployment with audits, where the gateway is here. */
  readonly audits?: AuditOptions
}

/** A process that is started again whenever it dies, as a supervisor would. */
class Supervised {
  process: ChildProcess
  #isEnding = false
  readonly #start: () => ChildProcess

  constructor(start: () => ChildProcess) {
    this.#start = start
    this.process = start()
    this.#watch()
  }

  /** Resolves when the process says where it listens. */
  async isServing(): Promise<void> {
    const { stdout } = this.process
    let words = ''
    for await (const line of createInterface({ input: stdout! })) {
      if (line.startsWith('{"url"')) return void stdout!.resume()
      words += line
    }
    throw new Error(`The process ended: ${words}`)
  }

  /** As sudden as it gets. */
  async kill(): Promise<void> {
    const { process } = this
    process.kill('SIGKILL')
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
  }

  async end(): Promise<void> {
    this.#isEnding = true
    await this.kill()
  }

  #watch(): void {
    this.process.once('exit', async () => {
      await pause(200)
      if (this.#isEnding) return
      this.process = this.#start()
      this.process.stdout!.resume()
      this.#watch()
    })
  }
}

/** A NATS server, the owner's gateway, and nodes in processes of their own, which a test may kill. */
export class Cluster {
  readonly deployment: Deployment
  readonly nodes: Supervised[] = []
  server: NatsServer
  readonly #options: ClusterOptions
  readonly #gateway: Gateway

  private constructor(deployment: Deployment, options: ClusterOptions, server: NatsServer, gateway: Gateway) {
    this.deployment = deployment
    this.#options = options
    this.server = server
    this.#gateway = gateway
  }

  static async start(deployment: Deployment, options: ClusterOptions): Promise<Cluster> {
    await ensureNatsServer()
    await mkdir(join(options.folder, 'nats'), { recursive: true })
    const server = await startNatsServer({ folder: join(options.folder, 'nats') })
    const start = options.isGatewayApart ? gatewayApart : gatewayHere
    return new Cluster(deployment, options, server, await start(deployment, options, server.url))
  }

  get desk(): Desk {
    return this.#gateway.desk!
  }

  /** Starts a node for each list of segments, counted from 1; resolves when all take tasks. */
  async startNodes(...lists: string[]): Promise<void> {
    await Promise.all(
      lists.map(async (segments) => {
        const core = this.nodes.length % availableParallelism()
        const node = new Supervised(() => this.#spawn(segments, core))
        this.nodes.push(node)
        await node.isServing()
      }),
    )
  }

  async killGateway(): Promise<void> {
    await this.#gateway.process!.kill()
  }

  async restartServer(): Promise<void> {
    const { port } = this.server
    await this.server.stop('SIGKILL')
    this.server = await startNatsServer({ folder: join(this.#options.folder, 'nats'), port })
  }

  /** Who takes processor time for a job, this process aside: process ids by role. */
  get processIds(): Readonly<Record<string, readonly number[]>> {
    const { process: gateway } = this.#gateway
    return {
      server: [this.server.process.pid!],
      gateway: gateway ? [gateway.process.pid!] : [],
      nodes: this.nodes.map(({ process }) => process.pid!),
    }
  }

  submitter(): Promise<Submitter> {
    return Submitter.open(this.deployment.bundle, {}, { url: this.server.url })
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end()))
    await this.#gateway.close()
    await this.server.stop()
  }

  #spawn(segments: string, core: number): ChildProcess {
    const { isPinned = false, nodeOptions = ['--threads=1'] } = this.#options
    const prefix = isPinned ? ['taskset', '-c', String(core)] : []
    const entry = join(root, 'src-main', 'edge', 'main.ts')
    const options = [
      `--nats=${this.server.url}`,
      `--segments=${segments}`,
      ...nodeOptions,
      '--events',
      '--log-level=error',
    ]
    const [program, ...rest] = [...prefix, process.execPath, entry, 'serve', this.deployment.bundle, ...options]
    return spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  }
}

interface Gateway {
  readonly desk?: Desk
  readonly process?: Supervised
  close(): Promise<void>
}

const limits = { perMinute: 100_000, quota: 100_000 }
const auditLogIn = ({ folder }: ClusterOptions): string => join(folder, 'audit.log')

async function gatewayHere(deployment: Deployment, options: ClusterOptions, url: string): Promise<Gateway> {
  const { id, keysFolder, passphrase } = deployment
  const own = { keysFolder, unlock: { passphrase }, deployments: [id], auditLog: auditLogIn(options) }
  const desk = await openDesk({ ...own, ...limits, audits: options.audits, loadsRefreshes: true })
  const queues = await answerQueues(desk, { nats: { url }, limit: options.limit ?? 16 })
  return {
    desk,
    async close() {
      await queues.close()
      await desk.close()
    },
  }
}

async function gatewayApart(deployment: Deployment, options: ClusterOptions, url: string): Promise<Gateway> {
  const { id, keysFolder, passphrase } = deployment
  const entry = join(root, 'src-main', 'cli', 'main.ts')
  const asked = [`--keys=${keysFolder}`, `--deployment=${id}`, `--audit-log=${auditLogIn(options)}`, `--nats=${url}`]
  const most = [`--per-minute=${limits.perMinute}`, `--quota=${limits.quota}`, `--queue=${options.limit ?? 16}`]
  const args = [entry, 'gateway', ...asked, ...most, '--port=0', '--json', '--log-level=error']
  const env = { ...process.env, SEALWRIGHT_PASSPHRASE: passphrase }
  const gateway = new Supervised(() => spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] }))
  await gateway.isServing()
  return { process: gateway, close: () => gateway.end() }
}
