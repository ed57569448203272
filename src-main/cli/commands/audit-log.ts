import type { Command } from 'commander'
import { answer, command, group } from '../command.ts'
import { pairs } from '../table.ts'
import { grouped } from '../../core/units.ts'
import { path } from '../values.ts'
import { replayCommands } from './audit.ts'

interface Options {
  readonly json?: boolean
  readonly keys?: string
}

export const auditCommand = (): Command =>
  replayCommands()
    .reduce(
      (all, each) => all.addCommand(each),
      group('audit', "check the gateway's audit log, and compute jobs again", [
        'sealwright audit verify audit.jsonl --keys keys',
        'sealwright audit serve lenet5.sealed',
      ]),
    )
    .addCommand(
      command('verify <log>', 'check that no record of an audit log was changed, removed or added', [
        'sealwright audit verify audit.jsonl --keys keys',
      ])
        .option(
          '--keys <folder>',
          'the key store whose keys must have signed the log; without it, any key that the log names is accepted',
          path,
        )
        .action(async (log: string, { json, keys }: Options) => {
          await answer(json === true, async (work) => {
            const { readAuditLog } = await import('../../jobs/audit-log.ts')
            const { records, lastHash, signers, deployments } = await readAuditLog({ auditLog: path(log), keys }, work)
            const text = pairs([
              ['records', grouped(records)],
              ['last hash', lastHash],
              ...signers.map((signer): [string, string] => ['signed by', signer]),
              ...deployments.map(({ deployment, released, refused, bitsSpent, audits }): [string, string] => [
                deployment,
                `${grouped(released)} answers, ${grouped(refused)} refusals, ${bitsSpent.toFixed(1)} bits spent, ` +
                  `audits: ${grouped(audits.passed)} passed, ${grouped(audits.failed)} failed`,
              ]),
            ])
            return { json: { records, lastHash, signers, deployments }, text }
          })
        }),
    )
