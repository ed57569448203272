import { program } from './program.ts'
import { fail } from './command.ts'

try {
  await program().parseAsync()
} catch (error) {
  fail(error, process.argv.includes('--json'))
}
