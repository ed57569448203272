/**
 * Audits at work, with LeNet-5 unless told: that honest jobs are never taken for lies, that lies are found in every audited job, how often
 * audits fall, and what they cost jobs that are not audited. Exits with 1 where something is not as docs/security.md says.
 *
 *     npm run measure:audits -- [--http 1000] [--nats 200] [--lies 25] [--draws 2000] [--overhead 150] [--rate 0.05] [--json FILE]
 *
 * Each number is of jobs, honest ones for each build of the kernels; 0 leaves a part out. Draws are of the tests' tiny network, whose jobs
 * take milliseconds: what is measured there is the gateway's coin and ledger, not the network.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Auditor } from '../../src-main/audit/auditor.ts'
import { encodeCase } from '../../src-main/core/bundle/audit-case.ts'
import { decodeResult, encodeResult } from '../../src-main/core/bundle/result.ts'
import { KERNEL_KINDS } from '../../src-main/core/plan/evaluator-kinds.ts'
import { silent } from '../../src-main/core/progress.ts'
import { computeJob, newJob, openingOf, type ComputedJob, type Job } from '../../src-main/edge/compute-job.ts'
import { loadRunner } from '../../src-main/edge/load-runner.ts'
import { Openings } from '../../src-main/edge/openings.ts'
import { askGateway } from '../../src-main/edge/serve/gateway-client.ts'
import { serve } from '../../src-main/edge/serve/serve.ts'
import { Bundle } from '../../src-main/files/open-bundle.ts'
import { sha256 } from '../../src-main/files/sha256.ts'
import { sample } from '../../src-main/jobs/sample.ts'
import { startGateway, type GatewayServer } from '../../src-main/owner/gateway/gateway.ts'
import { KeyStore } from '../../src-main/owner/key-store.ts'
import { Cluster, type Deployment } from '../nats/cluster.ts'
import { deployLenet } from '../nats/deploy-network.ts'
import { answerMany } from '../nats/trials.ts'
import { exportTiny, passphrase } from '../owner/exported.ts'
import { jobOnWeight, keyInFormOf, weightInFormOf } from '../owner/lies.ts'
import { npyFile } from '../support/npy.ts'
import { argumentsOf } from '../../scripts/arguments.ts'

const option = (value: string) => ({ type: 'string', default: value }) as const
const { values } = argumentsOf({
  options: {
    ...{ http: option('1000'), nats: option('200'), lies: option('25'), draws: option('2000') },
    ...{ overhead: option('150'), rate: option('0.05'), json: { type: 'string' } },
  },
})
const counts = Object.fromEntries(
  (['http', 'nats', 'lies', 'draws', 'overhead'] as const).map((name) => [name, Number(values[name])]),
)
const rate = Number(values.rate)
const folder = await mkdtemp(join(tmpdir(), 'sealwright-audits-'))
const report: Record<string, unknown> = { rate }
let isAsStated = true
/** Gateways so far, each with a log of its own. */
let gateways = 0

async function note(part: string, figures: Record<string, unknown>, holds: boolean): Promise<void> {
  isAsStated &&= holds
  report[part] = { ...figures, holds }
  console.log(`${part}: ${JSON.stringify(report[part])}`)
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
}

const auditorOf = async (bundle: string) => {
  const auditor = await Auditor.open({ bundles: [bundle], trust: {}, threads: 1 })
  return { replay: auditor.audit.bind(auditor), close: () => auditor.close() }
}
type OpenAuditor = Awaited<ReturnType<typeof auditorOf>>

const auditsWith = (auditor: OpenAuditor) => ({ auditor, evidence: join(folder, 'evidence'), openingMs: 60_000 })

async function gatewayFor({ id, keysFolder, passphrase }: Deployment, auditor: OpenAuditor): Promise<GatewayServer> {
  gateways += 1
  return await startGateway({
    ...{ keysFolder, unlock: { passphrase }, deployments: [id], auditLog: join(folder, `${gateways}.log`) },
    ...{ perMinute: 1e6, quota: 1e6, port: 0, audits: auditsWith(auditor) },
  })
}

const accountOf = ({ keysFolder, id }: Deployment) => new KeyStore(keysFolder).ledger.read(id)
const forgive = ({ keysFolder, id }: Deployment) =>
  new KeyStore(keysFolder).ledger.update(id, (account) => ({
    ...account,
    ...{ blocked: [], spentBits: 0, audits: { passed: 0, failed: 0 } },
  }))
const setRate = async ({ keysFolder, id }: Deployment, to: number): Promise<void> => {
  const store = new KeyStore(keysFolder)
  await store.update({ ...(await store.read(id)), audit: { rate: to } })
}

/** Pixels as they are before an edge preprocesses them. */
function pixelsOf(input: Float64Array): Uint8Array {
  const { scale, mean, std } = sample.preprocessing
  return npyFile(
    [1, 28, 28],
    Float64Array.from(input, (value) => Math.round((value * std[0] + mean[0]) / scale)),
  )
}

/** A job with what is said of it, be it true or not. */
interface Claimed {
  readonly job: Job
  readonly computed: ComputedJob
}

const bring = (url: string, { job, computed }: Claimed) =>
  askGateway({ url }, computed.file, () => encodeCase({ receipt: computed.receipt, opening: openingOf(job) }, sha256))

function claiming(
  { job, computed }: Claimed,
  changes: Partial<ComputedJob['receipt']>,
  ciphertexts?: Uint8Array[],
): Claimed {
  const result = decodeResult(computed.file, sha256)
  const outputs = ciphertexts?.map(sha256)
  const receipt = { ...computed.receipt, ...changes, ...(outputs && { outputs }) }
  const file = encodeResult({ ...result, ...(ciphertexts && { ciphertexts }), receipts: [receipt] }, sha256)
  return { job, computed: { file, receipt } }
}

try {
  if (counts.http + counts.lies + counts.overhead > 0) {
    const network = await deployLenet(join(folder, 'whole'), 'nodes=1', rate)
    const bundle = await Bundle.open(network.bundle)
    const auditor = await auditorOf(network.bundle)
    const runner = { threads: 1, evaluator: 'kernels' as const }
    for (const kind of counts.http > 0 ? KERNEL_KINDS : []) {
      await forgive(network)
      const gateway = await gatewayFor(network, auditor)
      const edge = await serve({
        ...{ bundle: network.bundle, trust: {}, runner: { threads: 1, evaluator: kind }, port: 0 },
        ...{ queue: 4, gateway: { url: gateway.url } },
      })
      let right = 0
      for (let i = 0; i < counts.http; i++) {
        const { input, label } = network.question()
        const headers = { 'content-type': 'application/x-npy' }
        const body = Buffer.from(pixelsOf(input))
        const reply = await fetch(`${edge.url}/v1/run`, { method: 'POST', body, headers })
        if (((await reply.json()) as { label?: number }).label === label) right += 1
      }
      await edge.close()
      await gateway.close()
      const { audits, blocked } = await accountOf(network)
      const holds = right === counts.http && audits.failed === 0 && blocked.length === 0
      await note(`http ${kind}`, { jobs: counts.http, right, audits }, holds)
    }

    const loaded = await loadRunner(bundle, 0, runner)
    const make = async (input: Float64Array): Promise<Claimed> => {
      const job = newJob(input)
      return { job, computed: await computeJob(bundle, loaded, job, silent) }
    }
    if (counts.lies > 0) {
      await setRate(network, 1)
      const gateway = await gatewayFor(network, auditor)
      const model = (made: Claimed) => decodeResult(made.computed.file, sha256).ciphertexts[0]
      const weight = await weightInFormOf(bundle, model(await make(network.question().input)))
      const lies: Record<string, (made: Claimed) => Promise<Claimed>> = {
        'a weight': async (made) => claiming(made, {}, [weight]),
        'key material': async (made) => claiming(made, {}, [keyInFormOf(model(made))]),
        "another input's result": async (made) => claiming(made, {}, [model(await make(network.question().input))]),
        'a weight for an input': async ({ job }) => ({ job, computed: await jobOnWeight(bundle, loaded, job) }),
      }
      for (const [name, lie] of Object.entries(lies)) {
        let [caught, answered] = [0, 0]
        for (let i = 0; i < counts.lies; i++) {
          await forgive(network)
          const claimed = await lie(await make(network.question().input))
          await bring(gateway.url, claimed).then(
            () => (answered += 1),
            () => {},
          )
          caught += (await accountOf(network)).audits.failed
        }
        await note(`lie: ${name}`, { audited: counts.lies, caught, answered }, caught === counts.lies && answered === 0)
      }
      await gateway.close()
      await setRate(network, rate)
    }

    if (counts.overhead > 0) {
      // Alternating, so that whatever else the machine does falls on both.
      const openings = new Openings()
      const processorMs = async (work: () => Promise<unknown>): Promise<number> => {
        const before = process.cpuUsage()
        await work()
        const { user, system } = process.cpuUsage(before)
        return (user + system) / 1000
      }
      const { input: taken, parameters } = loaded.plan
      const inputBytes = new Uint8Array(taken.sources.length * 16 * parameters.polyModulusDegree * taken.primes)
      let [bare, audited] = [0, 0]
      for (let i = 0; i < counts.overhead; i++) {
        const { input } = network.question()
        // A run hashes its inputs for the receipt, too.
        bare -= await processorMs(() => Promise.resolve(sha256(inputBytes)))
        bare += await processorMs(() => loaded.run(input, silent))
        audited += await processorMs(async () => {
          const { job, computed } = await make(input)
          openings.keep(job, computed)
        })
      }
      const overhead = audited / bare - 1
      const ms = { bareMs: bare / counts.overhead, withReceiptMs: audited / counts.overhead }
      await note('overhead', { jobs: counts.overhead, ...ms, overhead }, overhead < 0.02)
    }
    await loaded.delete()
    await auditor.close()
    await bundle.close()
  }

  if (counts.nats > 0) {
    const network = await deployLenet(join(folder, 'cut'), 'relu_2:hand-off,relu_5:refresh', rate)
    const auditor = await auditorOf(network.bundle)
    for (const kind of KERNEL_KINDS) {
      await forgive(network)
      const nodeOptions = ['--threads=1', `--evaluator=${kind}`]
      const own = join(folder, kind)
      const cluster = await Cluster.start(network, { folder: own, limit: 64, nodeOptions, audits: auditsWith(auditor) })
      await cluster.startNodes('1', '2', '3')
      const { jobsPerSecond } = await answerMany(cluster, network.question, { jobs: counts.nats, window: 6 })
      await cluster.close()
      const { audits, blocked } = await accountOf(network)
      const figures = { jobs: counts.nats, nodes: 3, audits, jobsPerSecond }
      // A label that is not the right one, or none, ends the run.
      await note(`nats ${kind}`, figures, audits.failed === 0 && blocked.length === 0)
    }
    await auditor.close()
  }

  if (counts.draws > 0) {
    const tiny = join(folder, 'tiny')
    const { deploymentId: id } = await exportTiny(tiny, { out: join(folder, 'tiny.sealed'), audit: { rate: 1 } })
    const deployment = { id, bundle: join(folder, 'tiny.sealed'), keysFolder: join(tiny, 'keys'), passphrase }
    await setRate(deployment, rate)
    const bundle = await Bundle.open(deployment.bundle)
    const runner = await loadRunner(bundle, 0, { threads: 1, evaluator: 'kernels' })
    const auditor = await auditorOf(deployment.bundle)
    const gateway = await gatewayFor(deployment, auditor)
    const job = newJob(Float64Array.of(0.3, -0.8, 1.5, 0.6))
    const computed = await computeJob(bundle, runner, job, silent)
    const other = await computeJob(bundle, runner, newJob(Float64Array.of(1, 1, -1, 0)), silent)
    const lie = claiming({ job, computed }, {}, [...decodeResult(other.file, sha256).ciphertexts])
    let [caught, answered] = [0, 0]
    const before: number[] = []
    let since = 0
    for (let i = 0; i < counts.draws; i++) {
      since += 1
      const isAnswered = await bring(gateway.url, lie).then(
        () => true,
        () => false,
      )
      if (isAnswered) answered += 1
      else {
        caught += (await accountOf(deployment)).audits.failed
        before.push(since - 1)
        since = 0
        await forgive(deployment)
      }
    }
    const deviation = Math.sqrt(counts.draws * rate * (1 - rate))
    const sigmas = (caught - rate * counts.draws) / deviation
    const answersBefore = before.reduce((sum, each) => sum + each, 0) / Math.max(1, before.length)
    const figures = { jobs: counts.draws, caught, answered, sigmas, answersBefore, expected: (1 - rate) / rate }
    await note('draws', figures, Math.abs(sigmas) < 3 && caught + answered === counts.draws)
    await gateway.close()
    await auditor.close()
    await runner.delete()
    await bundle.close()
  }
  process.exitCode = isAsStated ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
