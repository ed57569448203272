/** Runs programs for 64-bit ARM on another Linux, by user-mode emulation. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { aptCommand, aptInstall } from './apt.ts'
import { onceAtATime } from './once-at-a-time.ts'

const packages = ['qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross']
const libraries = '/usr/aarch64-linux-gnu'

/**
 * The words that go before a program for arm64: none on such a machine. Installs the emulator where it is missing and that
 * is permitted; otherwise throws Error with the exact command to run.
 */
export async function arm64Prefix(): Promise<string[]> {
  if (process.arch === 'arm64') return []
  return await onceAtATime('arm64', async () => {
    if (!isComplete()) aptInstall(packages)
    const emulator = findEmulator()
    if (emulator !== undefined && isComplete()) return [emulator, '-L', libraries]
    throw new Error(`These tests need an emulator of arm64. Run: ${aptCommand(packages)}`)
  })
}

const isComplete = (): boolean => findEmulator() !== undefined && existsSync(join(libraries, 'lib', 'libstdc++.so.6'))

function findEmulator(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return ['qemu-aarch64-static', 'qemu-aarch64']
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path))
}
