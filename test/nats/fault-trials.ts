/**
 * LeNet-5 in three segments on three nodes: every node in turn is killed at a random moment, so is the gateway, the NATS
 * server restarts, tasks are copied, nodes lie. Prints how the jobs ended; exits with 1 unless every accepted job got the
 * right label or a clear error within its deadline, and none two answers.
 *
 *     node test/nats/fault-trials.ts [kills = 20] [restarts = 5] [lenet | tiny] [gateway kills = 5]
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '../../src-main/nats/messages.ts'
import { Cluster } from './cluster.ts'
import { deployLenet } from './deploy-network.ts'
import { deployTiny, tinyQuestion } from './tiny.ts'
import { answersKept, encodeInput, inTheNameOf, leftovers, Liar, trial, type Outcomes } from './trials.ts'

const [kills = 20, restarts = 5] = process.argv.slice(2, 4).map(Number)
const isTiny = process.argv[4] === 'tiny'
const gatewayKills = Number(process.argv[5] ?? 5)
/** A hand-off and a refresh. */
const split = 'relu_2:hand-off,relu_5:refresh'
const deadlineSeconds = 120
const jobsPerTrial = 4
/** Jobs are under way for about so long: faults happen meanwhile. */
const busyMs = isTiny ? 1000 : 3000
const say = (...words: unknown[]): void => console.log(...words)

const deploy = async (folder: string) => {
  if (!isTiny) return await deployLenet(folder, split)
  await mkdir(folder)
  return { ...(await deployTiny(folder)), cuts: ['all:refresh'], question: tinyQuestion }
}

const folder = await mkdtemp(join(tmpdir(), 'sealwright-faults-'))
let isRight = true
try {
  const network = await deploy(join(folder, 'network'))
  say(`${isTiny ? 'a tiny network' : 'LeNet-5'}, cut at ${network.cuts.join(', ')}`)
  const cluster = await Cluster.start(network, { folder, limit: 64, isGatewayApart: true })
  await cluster.startNodes(...(isTiny ? ['1', '2', '1,2'] : ['1', '2', '3']))
  const options = { jobs: jobsPerTrial, question: network.question, deadlineSeconds, everyMs: 200, insists: true }
  const check = (what: string, outcomes: Outcomes): void => {
    say(what, JSON.stringify(outcomes))
    isRight &&= outcomes.right === jobsPerTrial
  }
  check('no fault:', await trial(cluster, options, async () => {}))

  for (let i = 0; i < kills; i++) {
    const at = i % cluster.nodes.length
    const afterMs = Math.round(busyMs * Math.random())
    const outcomes = await trial(cluster, options, async () => {
      await pause(afterMs)
      await cluster.nodes[at].kill()
    })
    check(`kill ${i + 1}, node ${at + 1} after ${afterMs} ms:`, outcomes)
  }
  for (let i = 0; i < restarts; i++) {
    const afterMs = Math.round(busyMs * Math.random())
    const outcomes = await trial(cluster, options, async () => {
      await pause(afterMs)
      await cluster.restartServer()
    })
    check(`server killed and started ${i + 1}, after ${afterMs} ms:`, outcomes)
  }

  for (let i = 0; i < gatewayKills; i++) {
    const afterMs = Math.round(busyMs * Math.random())
    const outcomes = await trial(cluster, options, async () => {
      await pause(afterMs)
      await cluster.killGateway()
    })
    check(`gateway killed ${i + 1}, after ${afterMs} ms:`, outcomes)
  }

  const liar = await Liar.connect(cluster)
  const expectAnswer = (what: string, answer: Answer, isExpected: boolean): void => {
    say(what, JSON.stringify(answer))
    isRight &&= isExpected
  }
  const { input, label } = network.question()
  const copied = await liar.ask(await encodeInput(network, input), 'compute', 0, 3)
  expectAnswer('a job in three copies:', copied, 'answer' in copied && copied.answer.label === label)
  for (const segment of network.cuts.keys()) {
    const answer = await liar.ask(new Uint8Array(100_000).fill(7), 'open', segment)
    expectAnswer(`garbage for a result of segment ${segment + 1}:`, answer, 'failure' in answer)
  }
  const other = await deploy(join(folder, 'other'))
  const foreign = await encodeInput(other, input)
  const named = await liar.ask(foreign)
  expectAnswer("another deployment's ciphertext:", named, 'failure' in named)
  const disguised = await liar.ask(await inTheNameOf(network, foreign))
  expectAnswer('the same under our name:', disguised, 'failure' in disguised)
  await liar.close()

  const { jobs, mostPerJob } = await answersKept(cluster)
  say(`${jobs} jobs answered, at most ${mostPerJob} answer each`)
  isRight &&= mostPerJob === 1
  await pause(25_000)
  say('left behind:', JSON.stringify(await leftovers(cluster)))
  await cluster.close()
} finally {
  await rm(folder, { recursive: true, force: true })
}
say(isRight ? 'every job ended as it should' : 'SOMETHING WENT WRONG')
process.exitCode = isRight ? 0 : 1
