/** What the WebAssembly build of libwebp gives; the types of its package need those of a browser. */
declare module '@jsquash/webp/codec/dec/webp_dec.js' {
  export interface Libwebp {
    /** RGBA, row by row; null where the file is damaged. Makes a global `ImageData`. */
    decode(
      bytes: Uint8Array,
    ): { readonly data: Uint8ClampedArray; readonly width: number; readonly height: number } | null
  }
  export default function load(options: { readonly wasmBinary: Uint8Array }): Promise<Libwebp>
}
