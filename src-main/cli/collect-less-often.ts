import { setFlagsFromString } from 'node:v8'

/** Whose V8 knows the flag; others would print that they do not. */
const OLDEST_NODE = 24

/**
 * From now on, memory of buffers counts with the heap when V8 decides whether to collect. Otherwise it collects, and marks the
 * whole heap, whenever some dozen megabytes of buffers have been made since: for a gateway, through which each answer sends
 * several, a quarter of its processor time. In return it holds more of them for a while. For programs of our own alone, since it is true of the whole process.
 */
export function collectLessOften(): void {
  if (Number.parseInt(process.versions.node) < OLDEST_NODE) return
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}
