/** Severity, from the least on. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Figures and names; never inputs, results, keys or passwords. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Tells whoever runs a server what happened: a short constant message, and what it was about. */
export type Log = (level: Exclude<LogLevel, 'silent'>, message: string, fields?: LogFields) => void

export const noLog: Log = () => {}

/** One JSON object a line: `time` in UTC, `level`, `message`, then the fields, those of the whole server first. */
export function jsonLog(
  write: (line: string) => void,
  least: LogLevel,
  common: LogFields = {},
  now: () => Date = () => new Date(),
): Log {
  const from = LOG_LEVELS.indexOf(least)
  return (level, message, fields = {}) => {
    if (LOG_LEVELS.indexOf(level) < from) return
    write(`${JSON.stringify({ time: now().toISOString(), level, message, ...common, ...fields })}\n`)
  }
}
