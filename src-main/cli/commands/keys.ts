import type { Command } from 'commander'
import { UserError } from '../../core/errors.ts'
import type { WorkContext } from '../../core/progress.ts'
import type { Deployment, DeploymentReport } from '../../jobs/keys.ts'
import type * as keyJobs from '../../jobs/keys.ts'
import { budgetPairs, leftOf } from '../budget.ts'
import { answer, command, group, type Answer } from '../command.ts'
import { pairs, table } from '../table.ts'
import { bytes } from '../../core/units.ts'
import { path } from '../values.ts'

/** Loaded when a command runs: they bring SEAL along. */
type KeyJobs = typeof keyJobs

interface Options {
  readonly json?: boolean
  readonly keys: string
  readonly out: string
  readonly force?: boolean
  readonly yes?: boolean
  readonly auditLog?: string
}

export const keysCommand = (): Command =>
  group('keys', "the key store's deployments: list, back up, restore, revoke, destroy", [
    'sealwright keys list --keys keys',
    'sealwright keys backup 3f9a --keys keys --out 3f9a.backup',
  ])
    .addCommand(
      keysOf('list', 'every deployment, newest first', 'list', async (_, { keys }, work, jobs) => {
        const deployments = await jobs.listKeys({ keys }, work)
        return { json: { deployments }, text: listText(deployments) }
      }),
    )
    .addCommand(
      keysOf(
        'show <deployment>',
        'one deployment: its network, bundles and policy',
        'show 3f9a',
        async (id, { keys }, work, jobs) => told(await jobs.showKeys({ keys, deployment: id }, work), ''),
      ),
    )
    .addCommand(
      keysOf(
        'backup <deployment>',
        'write its keys to one file; secrets stay encrypted',
        'backup 3f9a',
        async (id, options, work, jobs) => {
          const { keys, out, force } = options
          const deployment = await jobs.backUpKeys({ keys, deployment: id, out, force: force === true }, work)
          return { json: { backup: out, deployment }, text: `backup  ${out}` }
        },
      )
        .requiredOption('--out <file>', 'the backup to write', path)
        .option('--force', 'replace the file if it exists'),
    )
    .addCommand(
      keysOf(
        'restore <backup>',
        'bring a deployment back',
        'restore 3f9a.backup',
        async (backup, { keys, auditLog }, work, jobs) =>
          told(await jobs.restoreKeys({ keys, backup: path(backup), auditLog }, work), 'restored'),
      ).option(
        '--audit-log <file>',
        'the log of answers since the backup; without it the budget counts as spent, unless the key store still has the count',
        path,
      ),
    )
    .addCommand(
      keysOf(
        'revoke <deployment>',
        'refuse its results from now on; deletes nothing',
        'revoke 3f9a',
        async (id, { keys }, work, jobs) => told(await jobs.revokeKeys({ keys, deployment: id }, work), 'revoked'),
      ),
    )
    .addCommand(
      keysOf(
        'destroy <deployment>',
        'delete its keys for good',
        'destroy 3f9a --yes',
        async (id, { keys, yes }, work, jobs) => {
          if (!yes) throw unconfirmed(await jobs.showKeys({ keys, deployment: id }, work))
          return told(await jobs.destroyKeys({ keys, deployment: id }, work), 'destroyed')
        },
      ).option('--yes', 'confirm that its results can never be opened again'),
    )

function keysOf(
  usage: string,
  description: string,
  example: string,
  job: (operand: string, options: Options, work: WorkContext, jobs: KeyJobs) => Promise<Answer>,
): Command {
  return command(usage, description, [`sealwright keys ${example} --keys keys`])
    .requiredOption('--keys <folder>', 'the key store', path)
    .action(async (...given: unknown[]) => {
      const [operand, options] = usage.includes('<') ? (given as [string, Options]) : ['', given[0] as Options]
      await answer(options.json === true, async (work) =>
        job(operand, options, work, await import('../../jobs/keys.ts')),
      )
    })
}

const unconfirmed = ({ id, model }: Deployment): UserError =>
  new UserError('not-confirmed', `Destroying ${id} (${model.name}) cannot be undone.`, {
    hint: 'Its results can never be opened again. Add --yes if that is what you want.',
  })

const listText = (deployments: readonly DeploymentReport[]): string =>
  deployments.length === 0
    ? 'The key store holds no deployments.'
    : table(
        ['deployment', 'created', 'network', 'reveals', 'answers left', 'state'],
        deployments.map(({ id, created, model, reveal, budget, revoked }) => [
          id,
          created,
          model.name,
          reveal.mode,
          leftOf(budget),
          stateOf(revoked),
        ]),
      )

function told(deployment: DeploymentReport, done: string): Answer {
  const { id, created, model, reveal, budget, bundles, revoked } = deployment
  const text = pairs([
    ['deployment', done === '' ? id : `${id}, ${done}`],
    ['created', created],
    ['network', `${model.name} (SHA-256 ${model.sha256})`],
    ['reveals', reveal.mode],
    ['state', stateOf(revoked)],
    ...budgetPairs(budget),
    ...bundles.map((bundle): [string, string] => ['bundle', `${bundle.path} (${bytes(bundle.bytes)})`]),
  ])
  return { json: deployment, text }
}

const stateOf = (revoked: string | undefined): string => (revoked === undefined ? 'in use' : `revoked ${revoked}`)
