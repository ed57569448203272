import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')
export const asset = (name: string): string => join(root, 'assets', name)

export interface CliOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Another Node than the one that runs the tests. */
  readonly node?: string
  /** Limit on the size of any file the process writes, in KiB, through the shell's ulimit. */
  readonly fileLimitKiB?: number
  readonly started?: (child: ChildProcess) => void
}

export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** stdout as JSON; throws where it is not. */
  json(): Record<string, unknown> & { error?: { code: string; message: string; where?: object; hint?: string } }
}

/** Runs the real command line as a person would, with `--json` where the test adds it. */
export function sealwright(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const command = [options.node ?? process.execPath, join(root, 'src-main', 'cli', 'sealwright.js'), ...args]
  const limited = ['bash', '-c', `ulimit -f ${options.fileLimitKiB}; exec "$@"`, 'bash', ...command]
  const [program, ...rest] = options.fileLimitKiB === undefined ? command : limited
  const { SEALWRIGHT_PASSPHRASE: _, ...inherited } = process.env
  const child = spawn(program, rest, {
    cwd: options.cwd ?? root,
    env: { ...inherited, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  options.started?.(child)
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout, stderr, json: () => JSON.parse(stdout) as ReturnType<CliRun['json']> }),
    )
  })
}
