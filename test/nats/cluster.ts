import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { Submitter } from '../../src-main/edge/nats/submit.ts'
import { startNatsServer, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { openDesk, type Desk } from '../../src-main/owner/gateway/desk.ts'
import { answerQueues } from '../../src-main/owner/gateway/queues.ts'
import { tinyOutput, tinySegment } from '../bundle/tiny-plan.ts'
import { exportTiny, passphrase, temporaryFolder } from '../owner/exported.ts'
import { root } from '../support/cli.ts'

/** Two segments with a refresh between them: 4 pixels, 3 values, 2 outputs. */
export const segments = [tinySegment([1, 2, 2]), tinySegment([3, 1, 1])]

export function expectedLabel(pixels: ArrayLike<number>): number {
  const [first, second] = tinyOutput(tinyOutput(pixels))
  return first > second ? 0 : 1
}

export interface ClusterOptions {
  /** Tasks that a queue holds. */
  readonly limit?: number
  readonly perMinute?: number
  readonly quota?: number
}

/** A deployment of two segments, a NATS server and the owner's gateway; nodes are processes that a test starts. */
export class Cluster {
  readonly folder: string
  readonly deployment: string
  readonly desk: Desk
  server: NatsServer
  readonly #gateway: { close(): Promise<void> }
  readonly #nodes = new Set<ChildProcess>()

  private constructor(
    folder: string,
    deployment: string,
    desk: Desk,
    server: NatsServer,
    gateway: { close(): Promise<void> },
  ) {
    this.folder = folder
    this.deployment = deployment
    this.desk = desk
    this.server = server
    this.#gateway = gateway
  }

  static async start({ limit = 16, perMinute = 10_000, quota }: ClusterOptions = {}): Promise<Cluster> {
    await ensureNatsServer()
    const folder = await temporaryFolder()
    const { deploymentId } = await exportTiny(folder, { segments })
    await mkdir(join(folder, 'nats'))
    const server = await startNatsServer({ folder: join(folder, 'nats') })
    const desk = await openDesk({
      keysFolder: join(folder, 'keys'),
      unlock: { passphrase },
      auditLog: join(folder, 'audit.log'),
      perMinute,
      ...(quota !== undefined && { quota }),
    })
    const gateway = await answerQueues(desk, { nats: { url: server.url }, limit })
    return new Cluster(folder, deploymentId, desk, server, gateway)
  }

  get bundle(): string {
    return join(this.folder, 'tiny.sealed')
  }

  /** Resolves when the node takes tasks; `segments` counts from 1, as on the command line. */
  async startNode(segments: string): Promise<ChildProcess> {
    const entry = join(root, 'src-main', 'edge', 'main.ts')
    const options = [`--nats=${this.server.url}`, `--segments=${segments}`, '--threads=1', '--evaluator=seal']
    const node = spawn(process.execPath, [entry, 'serve', this.bundle, ...options, '--events'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#nodes.add(node)
    node.once('close', () => this.#nodes.delete(node))
    let words = ''
    node.stderr!.setEncoding('utf8').on('data', (text: string) => (words += text))
    for await (const line of createInterface({ input: node.stdout! })) {
      if ('url' in JSON.parse(line)) {
        node.stdout!.resume()
        return node
      }
      words += line
    }
    throw new Error(`The node ended: ${words}`)
  }

  async kill(node: ChildProcess): Promise<void> {
    node.kill('SIGKILL')
    if (node.exitCode === null && node.signalCode === null) await once(node, 'close')
  }

  async restartServer(): Promise<void> {
    const { port } = this.server
    await this.server.stop('SIGKILL')
    this.server = await startNatsServer({ folder: join(this.folder, 'nats'), port })
  }

  submitter(): Promise<Submitter> {
    return Submitter.open(this.bundle, {}, { url: this.server.url })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#nodes].map((node) => this.kill(node)))
    await this.#gateway.close()
    await this.desk.close()
    await this.server.stop()
    await rm(this.folder, { recursive: true })
  }
}
