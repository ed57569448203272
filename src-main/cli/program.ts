import { Command } from 'commander'
import about from '../../package.json' with { type: 'json' }
import { decryptCommand } from './commands/decrypt.ts'
import { demoCommand } from './commands/demo.ts'
import { edgeCommand } from './commands/edge.ts'
import { inspectCommand } from './commands/inspect.ts'
import { protectCommand } from './commands/protect.ts'

/** Every command, in the order in which a network passes through them. */
export function program(): Command {
  const all = new Command('sealwright')
    .description('Protects a trained ONNX network: encrypts its weights, so that machines you do not trust can run it.')
    .version(about.version)
    .addHelpText('after', '\nSee docs/cli.md for every field of the JSON output and every error code.')
  for (const command of [inspectCommand(), protectCommand(), edgeCommand(), decryptCommand(), demoCommand()]) {
    all.addCommand(command)
  }
  return strict(all)
}

/** Errors of usage are thrown, so that they leave in the same form as all others. */
function strict(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => {} })
  command.commands.forEach((child) => strict(child as Command))
  return command
}
