/**
 * What the scripts need of AssemblyScript's compiler. Its own declarations give every program that imports them an `Array.at` that is
 * never undefined, so that TypeScript no longer asks what stands at the end of an empty list.
 */
interface Files {
  readonly readFile: (name: string, base: string) => string | null
  readonly writeFile: (name: string, contents: string | Uint8Array) => void
}

declare const asc: {
  main(
    argv: readonly string[],
    files: Files,
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>
}
export default asc
