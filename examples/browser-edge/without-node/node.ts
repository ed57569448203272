/** Instead of what the edge takes of Node's modules. A page has one thread for the kernels, and reads no weights ahead. */
export const randomBytes = (bytes: number) => {
  const random = crypto.getRandomValues(new Uint8Array(bytes))
  const toString = (): string => Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return Object.assign(random, { toString })
}

export const setImmediate = (): Promise<void> => new Promise((done) => setTimeout(done))

export class Worker {
  constructor() {
    throw new Error('The kernels of a page have one thread.')
  }
}
