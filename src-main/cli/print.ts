import { printable, printableJson } from '../core/printable.ts'

/** The one place from which a command prints: names come from files that others made. */
export const print = (text: string): void => {
  process.stdout.write(`${printable(text)}\n`)
}

export const printJson = (value: unknown, indent?: number): void => {
  process.stdout.write(`${printableJson(value, indent)}\n`)
}

export const printError = (text: string): void => {
  process.stderr.write(`${printable(text)}\n`)
}

/** A line of a log, with its line feed. */
export const printLog = (line: string): void => {
  process.stderr.write(printable(line))
}
