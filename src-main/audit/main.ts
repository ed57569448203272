import { availableParallelism } from 'node:os'
import { listenFrom, required, trustFrom, wholeNumber, type Values } from '../edge/arguments.ts'
import { printLine, runProcess, type ProcessCommand } from '../edge/run-process.ts'
import { untilSignal } from '../edge/until-signal.ts'
import type { AuditorOptions } from './auditor.ts'
import { replayEvidence } from './replay.ts'
import { serveAudits } from './serve.ts'

const usage = `Usage: sealwright-audit <command> …

  serve BUNDLE…                    answers over HTTP: POST /v1/audit, GET /health
      --host HOST, --port PORT     where to listen (127.0.0.1, 8090); another host needs TLS and a token
      --queue N                    cases that may wait or run (8)
      --tls-cert FILE, --tls-key FILE, --token-file FILE
  replay EVIDENCE --bundle BUNDLE  computes a job again and compares

  --threads N                      worker threads (the cores)
  --public-key PEM, --signature FILE, --allow-unsigned
  --json                           prints one JSON object
`

const auditorFrom = async (bundles: readonly string[], values: Values): Promise<AuditorOptions> => ({
  bundles,
  trust: await trustFrom(values),
  threads: wholeNumber(values.threads, '--threads') ?? availableParallelism(),
})

const commands: Record<string, ProcessCommand> = {
  serve: async ([bundle, ...others], values) => {
    const server = await serveAudits({
      ...(await listenFrom({ ...values, port: values.port ?? '8090' })),
      ...(await auditorFrom([required(bundle, 'BUNDLE'), ...others], values)),
      queue: wholeNumber(values.queue, '--queue') ?? 8,
    })
    printLine({ url: server.url })
    await untilSignal()
    await server.close()
    return { closed: true }
  },
  replay: async ([evidence], values) =>
    replayEvidence(required(evidence, 'EVIDENCE'), await auditorFrom([required(values.bundle, '--bundle')], values)),
}

process.exitCode = await runProcess(process.argv.slice(2), usage, commands)
