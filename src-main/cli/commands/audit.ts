import type { Command } from 'commander'
import { auditCompare, auditReplay, auditServe, type ReplayResult } from '../../jobs/audit.ts'
import type { TrustRequest } from '../../jobs/edge-bundle.ts'
import { announce, answer, command } from '../command.ts'
import { withListening, withTrust, type ListenOptions } from '../options.ts'
import { pairs } from '../table.ts'
import { path, positiveNumber } from '../values.ts'

interface Options extends TrustRequest {
  readonly json?: boolean
  readonly threads?: number
}

interface ServeOptions extends Options, ListenOptions {
  readonly queue: number
}

/** For whoever holds the bundle: none of them needs a key. */
export const replayCommands = (): Command[] => [serveCommand(), replayCommand(), compareCommand()]

function serveCommand(): Command {
  const base = command('serve <bundles...>', "compute audited jobs again for the owner's gateway; no key needed", [
    'sealwright audit serve lenet5.sealed --public-key signer.pem',
    'sealwright audit serve bundles/*.sealed --public-key signer.pem',
  ])
    .option(
      '--queue <number>',
      'jobs that may wait or run at once; further ones are refused with 503',
      positiveNumber,
      8,
    )
    .option('--threads <number>', 'worker threads (default: one per core)', positiveNumber)
  return withTrust(withListening(base, 8090)).action(async (bundles: string[], { json, ...options }: ServeOptions) => {
    await answer(json === true, async (work) => {
      const result = await auditServe({ bundles: bundles.map(path), ...options }, work, (url) =>
        announce(json === true, url),
      )
      return { json: result, text: 'stopped' }
    })
  })
}

function replayCommand(): Command {
  const base = command(
    'replay <evidence>',
    'compute a job again, from evidence or from an opening that an edge wrote',
    ['sealwright audit replay 5f0c….evidence --bundle lenet5.sealed --public-key signer.pem'],
  )
    .requiredOption('--bundle <file>', 'the bundle that the job was computed with', path)
    .option('--threads <number>', 'worker threads (default: one per core)', positiveNumber)
  return withTrust(base).action(async (evidence: string, { json, ...options }: Options & { bundle: string }) => {
    await answer(json === true, async (work) => {
      const result = await auditReplay({ evidence: path(evidence), ...options }, work)
      return { json: result, text: replayText(result), ...(result.confirms === false && { exitCode: 1 }) }
    })
  })
}

function compareCommand(): Command {
  return command('compare <result> <other>', 'check that two nodes computed the same result from the same input', [
    'sealwright audit compare first.result second.result',
  ]).action(async (result: string, other: string, { json }: Options) => {
    await answer(json === true, async () => {
      const compared = await auditCompare([path(result), path(other)])
      const text = compared.agrees
        ? 'both computed the same result'
        : 'the results differ: at least one node did not compute what its receipt says'
      return { json: { ...compared }, text, ...(!compared.agrees && { exitCode: 1 }) }
    })
  })
}

function replayText({ job, segment, finding, confirms }: ReplayResult): string {
  return pairs([
    ['job', job],
    ['segment', segment + 1],
    ['replay', finding.agrees ? 'agrees with the receipt' : `differs from the receipt: ${finding.fault}`],
    ...(confirms === undefined ? [] : [['evidence', confirms ? 'confirmed' : 'not confirmed'] as const]),
  ])
}
