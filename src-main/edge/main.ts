import {
  gatewayFrom,
  listenFrom,
  logFrom,
  required,
  runnerFrom,
  segmentsFrom,
  trustFrom,
  usage,
  wholeNumber,
} from './arguments.ts'
import { applyUpdate } from './apply-update.ts'
import { encryptInput } from './encrypt-input.ts'
import { describeBundle, verifyBundle } from './inspect.ts'
import { printLine, runProcess, type ProcessCommand } from './run-process.ts'
import { edgeRun } from './run.ts'
import { untilSignal } from './until-signal.ts'

/** Servers are loaded when they are asked for, so that everything else starts at once. */
const commands: Record<string, ProcessCommand> = {
  verify: async ([bundle], values) => verifyBundle(required(bundle, 'BUNDLE'), await trustFrom(values)),
  info: async ([bundle], values) =>
    describeBundle(required(bundle, 'BUNDLE'), await trustFrom(values), runnerFrom(values)),
  run: async ([bundle], values, work) =>
    edgeRun(
      {
        bundle: required(bundle, 'BUNDLE'),
        input: required(values.input, '--input'),
        out: required(values.out, '--out'),
        opening: values.opening,
        index: wholeNumber(values.index, '--index'),
        runner: runnerFrom(values),
        force: values.force === true,
        trust: await trustFrom(values),
      },
      work,
    ),
  update: async ([bundle], values) =>
    applyUpdate({
      bundle: required(bundle, 'BUNDLE'),
      pack: required(values.pack, '--pack'),
      out: required(values.out, '--out'),
      force: values.force === true,
      trust: await trustFrom(values),
    }),
  encrypt: async ([bundle], values) =>
    encryptInput({
      bundle: required(bundle, 'BUNDLE'),
      input: required(values.input, '--input'),
      out: required(values.out, '--out'),
      index: wholeNumber(values.index, '--index'),
      force: values.force === true,
      trust: await trustFrom(values),
    }),
  submit: async ([bundle], values, work) => {
    const { submit } = await import('./nats/commands.ts')
    return await submit(required(bundle, 'BUNDLE'), values, work)
  },
  serve: async ([bundle], values, work) => {
    if (values.nats !== undefined) {
      const { serveNats } = await import('./nats/commands.ts')
      return await serveNats(required(bundle, 'BUNDLE'), values, { ...work, log: logFrom(values) }, (url) =>
        printLine({ url }),
      )
    }
    const { serve } = await import('./serve/serve.ts')
    const server = await serve(
      {
        ...(await listenFrom(values)),
        bundle: required(bundle, 'BUNDLE'),
        trust: await trustFrom(values),
        runner: runnerFrom(values),
        segments: segmentsFrom(values),
        queue: wholeNumber(values.queue, '--queue') ?? 8,
        gateway: await gatewayFrom(values),
      },
      logFrom(values),
    )
    printLine({ url: server.url })
    await untilSignal()
    await server.close()
    return { closed: true }
  },
}

process.exitCode = await runProcess(process.argv.slice(2), usage, commands)
