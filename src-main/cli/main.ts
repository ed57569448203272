import { program } from './program.ts'
import { fail } from './command.ts'

// Whoever reads has gone, as `head` does: what is left to print is for nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

try {
  await program().parseAsync()
} catch (error) {
  fail(error, process.argv.includes('--json'))
}
