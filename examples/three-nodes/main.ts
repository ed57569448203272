/**
 * A network on three nodes, from the file to labels: npx node examples/three-nodes/main.ts
 * A NATS server (nats-server on the PATH), the owner's gateway and the nodes run on this machine, each in a process of its own.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..', '..')
const [model, samples] = ['network.onnx', 'samples.npy'].map((name) =>
  join(root, 'examples', 'custom-activation', name),
)
const folder = await mkdtemp(join(tmpdir(), 'sealwright-example-'))
const [keys, bundles, log] = ['keys', 'bundles', 'audit.jsonl'].map((name) => join(folder, name))
const first = join(bundles, 'segment-1.sealed')

const program = join(root, 'src-main', 'cli', 'sealwright.js')
const env = { ...process.env, SEALWRIGHT_PASSPHRASE: 'an example, not a secret' }
const sealwright = async (...args: string[]) =>
  JSON.parse((await promisify(execFile)(process.execPath, [program, ...args, '--json'], { env })).stdout)

try {
  console.log('--- The owner: one bundle for each node, with nothing of the others ---')
  // Nodes 1 and 2 hand ciphertexts on by themselves; between 2 and 3 the owner refreshes them.
  const split = ['--split', 'expression_2:hand-off,expression_4:refresh', '--per-node']
  const fit = ['--calibration', samples, '--activation', '4', '--tuning-epochs', '3', '--min-kept', '0.8']
  const { bundles: sealed } = await sealwright('protect', model, ...fit, ...split, '--keys', keys, '--out', bundles)
  console.log(`${sealed.length} bundles`)

  console.log('--- A server of queues, the gateway with the key, three nodes without ---')
  const nodes = [1, 2, 3].map((segment) => join(bundles, `segment-${segment}.sealed`))
  const args = ['cluster', ...nodes, '--keys', keys, '--audit-log', log, '--json']
  const cluster = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(cluster, 'exit')
  try {
    const [text] = await once(createInterface(cluster.stdout), 'line')
    cluster.stdout.resume()
    const { url } = JSON.parse(text)
    console.log(url)

    console.log('--- A camera: encrypts, submits, and gets labels ---')
    const { jobs } = await sealwright(
      'edge',
      'submit',
      first,
      '--nats',
      url,
      '--input',
      samples,
      '--index',
      '1',
      '--count',
      '3',
    )
    console.log(JSON.stringify(jobs.map(({ answer }: { answer: unknown }) => answer)))
  } finally {
    cluster.kill('SIGTERM')
    await ended
  }
} finally {
  await rm(folder, { recursive: true })
}
