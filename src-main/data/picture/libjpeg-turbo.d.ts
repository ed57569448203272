/** What the WebAssembly build of libjpeg-turbo gives; its package has no types of its own. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JpegDecoder {
    /** Views into the program's memory, which growing detaches. */
    getEncodedBuffer(bytes: number): Uint8Array
    getDecodedBuffer(): Uint8Array
    /** Throws the address of a C++ exception. */
    decode(): void
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number }
    delete(): void
  }
  export interface Libjpeg {
    readonly JPEGDecoder: new () => JpegDecoder
  }
  export default function load(options: {
    readonly wasmBinary: Uint8Array
    print(line: string): void
    printErr(line: string): void
  }): Promise<Libjpeg>
}
