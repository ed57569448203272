import type { ChildProcess } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureNatsServer } from '../../scripts/nats-server.ts'
import { freePort, type NatsServer } from '../../src-main/jobs/nats-server.ts'
import { newAnswerKeys } from '../../src-main/nats/answer-keys.ts'
import { connectNats } from '../../src-main/nats/connect.ts'
import { Queues } from '../../src-main/nats/queues.ts'
import { npy } from '../edge/npy.ts'
import { passphrase, temporaryFolder } from '../owner/exported.ts'
import { sealwright, type CliRun } from '../support/cli.ts'
import type { Deployment } from './cluster.ts'
import { startDocumentedServer, tlsFile } from './documented-server.ts'
import { deployTiny, randomPixels, tinyLabel } from './tiny.ts'

describe('a deployment as docs/deployment.md sets it up, with TLS and users', () => {
  let folder: string
  let deployment: Deployment
  let server: NatsServer
  let statusPort: number
  const logs: Record<string, unknown>[] = []
  const running: { readonly child: ChildProcess; readonly ended: Promise<CliRun> }[] = []

  const nats = (user: string): string[] => [
    `--nats=tls://localhost:${server.port}`,
    `--nats-ca=${tlsFile('insecure-test.crt')}`,
    `--nats-user=${user}`,
    `--nats-password-file=${join(folder, `${user}.txt`)}`,
  ]

  /** Resolves once it says where it listens. */
  async function start(...args: string[]): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const ended = sealwright([...args, '--json'], {
        started: (child) => {
          child.stdout!.on('data', (text) => String(text).includes('url') && resolve())
          createInterface({ input: child.stderr! }).on(
            'line',
            (line) => line.startsWith('{') && logs.push(JSON.parse(line)),
          )
          queueMicrotask(() => running.push({ child, ended }))
        },
      })
      ended.then(({ stdout, stderr }) => reject(new Error(stdout + stderr)), reject)
    })
  }

  beforeAll(async () => {
    await ensureNatsServer()
    folder = await temporaryFolder()
    deployment = await deployTiny(folder)
    const users = ['owner', 'node1', 'node2', 'camera']
    for (const user of users) await writeFile(join(folder, `${user}.txt`), `${user}-password\n`)
    server = await startDocumentedServer(folder, deployment.id)
    await writeFile(join(folder, 'passphrase.txt'), passphrase)
    const owner = ['--keys', deployment.keysFolder, '--passphrase-file', join(folder, 'passphrase.txt')]
    await start(
      ...['gateway', ...owner, '--audit-log', join(folder, 'audit.log'), '--port', '0', ...nats('owner')],
      // A network of a few weights may tell less than one answer.
      ...['--quota', '100'],
    )
    statusPort = await freePort()
    const status = (n: number): string[] => (n === 1 ? ['--status-port', String(statusPort)] : [])
    const node = (n: number): string[] => [
      '--segments',
      String(n),
      '--threads',
      '1',
      '--evaluator',
      'seal',
      ...status(n),
    ]
    await Promise.all([1, 2].map((n) => start('edge', 'serve', deployment.bundle, ...node(n), ...nats(`node${n}`))))
  }, 180_000)
  afterAll(async () => {
    for (const { child } of running) child.kill('SIGKILL')
    await server.stop()
    await rm(folder, { recursive: true })
  })

  it('answers whoever submits a sample', async () => {
    const pixels = randomPixels()
    const input = join(folder, 'sample.npy')
    await writeFile(input, npy(Array.from(pixels)))
    const run = await sealwright(['edge', 'submit', deployment.bundle, '--input', input, ...nats('camera'), '--json'])
    expect(run.json()).toMatchObject({ jobs: [{ index: 0, answer: { label: tinyLabel(pixels) } }] })
  }, 60_000)

  it('tells monitors and logs how it is, and finds a job in all of them by its id', async () => {
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text()
    expect(JSON.parse(await get('/ready'))).toEqual({ status: 'ready' })
    const metrics = await get('/metrics')
    expect(metrics).toContain('sealwright_edge_nats_connected 1\n')
    expect(metrics).toContain('sealwright_edge_tasks_total{segment="1",outcome="computed"} 1\n')
    expect(metrics).toContain('sealwright_edge_run_seconds_count{segment="1"} 1\n')
    const computed = logs.filter(({ message }) => message === 'computed')
    expect(computed.map(({ segment }) => segment)).toEqual([1, 2])
    expect(new Set(computed.map(({ request }) => request)).size).toBe(1)
    expect(computed[0]).toMatchObject({ level: 'info', service: 'edge' })
  }, 30_000)

  it('lets no node publish or read answers', async () => {
    const url = `tls://localhost:${server.port}`
    const authority = await readFile(tlsFile('insecure-test.crt'), 'utf8')
    const connection = await connectNats({ url, authority, user: 'node1', password: 'node1-password' }, 'liar')
    const queues = await Queues.open(connection, deployment.id)
    const refused = expect.objectContaining({ code: 'nats-unreachable' })
    const keys = newAnswerKeys()
    await expect(queues.answer({ job: keys.job, answer: { label: 1 } }, keys.answerKey)).rejects.toThrow(refused)
    await expect(queues.answerOf(keys)).rejects.toThrow(refused)
    await connection.close()
  }, 30_000)

  it('refuses a wrong password, and a server whose certificate nobody vouches for', async () => {
    const submit = (...args: string[]) =>
      sealwright(['edge', 'submit', deployment.bundle, '--input', join(folder, 'sample.npy'), ...args, '--json'])
    const wrong = await submit(...nats('camera'), `--nats-password-file=${join(folder, 'owner.txt')}`)
    expect(wrong.json().error).toMatchObject({ code: 'nats-unreachable' })
    const unknown = await submit(`--nats=tls://localhost:${server.port}`)
    expect(unknown.json().error).toMatchObject({ code: 'nats-unreachable' })
  }, 60_000)

  it('stops each process when it is told to', async () => {
    for (const { child } of running) child.kill('SIGTERM')
    const ends = await Promise.all(running.map(({ ended }) => ended))
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
  }, 30_000)
})
