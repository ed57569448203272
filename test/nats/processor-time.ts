import { readFile } from 'node:fs/promises'

/** Of /proc/PID/stat, whatever the kernel's own clock is. */
const TICKS_PER_SECOND = 100

/** Milliseconds of processor time that a process has taken so far. Linux only. */
export async function processorMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Behind the name, which may hold anything: proc(5) counts utime as field 14 and stime as 15.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return (1000 * (fields[11] + fields[12])) / TICKS_PER_SECOND
}
