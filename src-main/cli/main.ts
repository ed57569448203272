import { program } from './program.ts'
import { outliveReaders } from '../files/closed-pipes.ts'
import { fail } from './command.ts'

outliveReaders()

try {
  await program().parseAsync()
} catch (error) {
  fail(error, process.argv.includes('--json'))
}
