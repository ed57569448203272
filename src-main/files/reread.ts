import { readFileSync } from 'node:fs'

/** A small text file, read anew each time; what it held last where it cannot be read then. */
export function reread(path: string, first: string): () => string {
  let text = first
  return () => {
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      // It is being replaced, or is gone: what was right before is tried.
    }
    return text
  }
}
