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
}

/** A process that is started again whenever it dies, as a supervisor would. */
interface TestNode {
  readonly segments: string
  readonly core: number
  process: ChildProcess
}

/** A NATS server, the owner's gateway, and nodes in processes of their own, which a test may kill. */
export class Cluster {
  readonly deployment: Deployment
  readonly desk: Desk
  readonly nodes: TestNode[] = []
  server: NatsServer
  readonly #options: ClusterOptions
  #gateway: { close(): Promise<void> }
  #isClosing = false

  private constructor(
    deployment: Deployment,
    options: ClusterOptions,
    desk: Desk,
    server: NatsServer,
    gateway: { close(): Promise<void> },
  ) {
    this.deployment = deployment
    this.#options = options
    this.desk = desk
    this.server = server
    this.#gateway = gateway
  }

  static async start(deployment: Deployment, options: ClusterOptions): Promise<Cluster> {
    await ensureNatsServer()
    const { folder, limit = 16 } = options
    await mkdir(join(folder, 'nats'), { recursive: true })
    const server = await startNatsServer({ folder: join(folder, 'nats') })
    const desk = await openDesk({
      keysFolder: deployment.keysFolder,
      unlock: { passphrase: deployment.passphrase },
      deployments: [deployment.id],
      auditLog: join(folder, 'audit.log'),
      perMinute: 100_000,
      quota: 100_000,
      loadsRefreshes: true,
    })
    const gateway = await answerQueues(desk, { nats: { url: server.url }, limit })
    return new Cluster(deployment, options, desk, server, gateway)
  }

  /** Starts a node for each list of segments, counted from 1; resolves when all take tasks. */
  async startNodes(...lists: string[]): Promise<void> {
    await Promise.all(
      lists.map(async (segments) => {
        const core = this.nodes.length % availableParallelism()
        const node = { segments, core, process: this.#spawn(segments, core) }
        this.nodes.push(node)
        this.#supervise(node)
        await isServing(node.process)
      }),
    )
  }

  /** As sudden as it gets; the node is started again after `downMs`. */
  async kill(node: TestNode): Promise<void> {
    const { process } = node
    process.kill('SIGKILL')
    if (process.exitCode === null && process.signalCode === null) await once(process, 'exit')
  }

  async restartServer(): Promise<void> {
    const { port } = this.server
    await this.server.stop('SIGKILL')
    this.server = await startNatsServer({ folder: join(this.#options.folder, 'nats'), port })
  }

  submitter(): Promise<Submitter> {
    return Submitter.open(this.deployment.bundle, {}, { url: this.server.url })
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all(this.nodes.map((node) => this.kill(node)))
    await this.#gateway.close()
    await this.desk.close()
    await this.server.stop()
  }

  #spawn(segments: string, core: number): ChildProcess {
    const { isPinned = false, nodeOptions = ['--threads=1'] } = this.#options
    const prefix = isPinned ? ['taskset', '-c', String(core)] : []
    const entry = join(root, 'src-main', 'edge', 'main.ts')
    const options = [`--nats=${this.server.url}`, `--segments=${segments}`, ...nodeOptions, '--events']
    const [program, ...rest] = [...prefix, process.execPath, entry, 'serve', this.deployment.bundle, ...options]
    return spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  }

  #supervise(node: TestNode): void {
    node.process.once('exit', async () => {
      await pause(200)
      if (this.#isClosing) return
      node.process = this.#spawn(node.segments, node.core)
      node.process.stdout!.resume()
      this.#supervise(node)
    })
  }
}

async function isServing(node: ChildProcess): Promise<void> {
  let words = ''
  for await (const line of createInterface({ input: node.stdout! })) {
    if ('url' in JSON.parse(line)) return void node.stdout!.resume()
    words += line
  }
  throw new Error(`The node ended: ${words}`)
}
