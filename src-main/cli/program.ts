import { Command } from 'commander'
import about from '../../package.json' with { type: 'json' }
import { clusterCommand } from './commands/cluster.ts'
import { decryptCommand } from './commands/decrypt.ts'
import { demoCommand } from './commands/demo.ts'
import { edgeCommand, verifyCommand } from './commands/edge.ts'
import { adviseCommand } from './commands/advise.ts'
import { approximateCommand } from './commands/approximate.ts'
import { auditCommand } from './commands/audit-log.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { inspectCommand } from './commands/inspect.ts'
import { keysCommand } from './commands/keys.ts'
import { planCommand } from './commands/plan.ts'
import { previewCommand } from './commands/preview.ts'
import { protectCommand } from './commands/protect.ts'
import { refreshCommand } from './commands/refresh.ts'
import { signCommand } from './commands/sign.ts'
import { validateCommand } from './commands/validate.ts'
import { print } from './print.ts'

/** Every command, in the order in which a network passes through them. */
export function program(): Command {
  const all = new Command('sealwright')
    .description(
      'Protects a trained network, ONNX or TFLite: encrypts its weights, so that machines you do not trust can run it.',
    )
    .version(about.version)
    .addHelpText('after', '\ndocs/cli-json.md has every field of the JSON output, docs/errors.md every error code.')
  const commands = [
    inspectCommand(),
    previewCommand(),
    approximateCommand(),
    validateCommand(),
    planCommand(),
    adviseCommand(),
    protectCommand(),
    signCommand(),
    verifyCommand('sealwright verify'),
    edgeCommand(),
    refreshCommand(),
    decryptCommand(),
    keysCommand(),
    gatewayCommand(),
    auditCommand(),
    clusterCommand(),
    demoCommand(),
  ]
  for (const command of commands) all.addCommand(command)
  return strict(all)
}

/** Errors of usage are thrown, so that they leave in the same form as all others; help is never an error. */
function strict(command: Command): Command {
  command.exitOverride().configureOutput({ outputError: () => {}, writeErr: (text) => print(text.trimEnd()) })
  command.commands.forEach((child) => strict(child))
  return command
}
