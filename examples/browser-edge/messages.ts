/** What the page asks: raw pixels, [channel, row, column]. */
export interface Ask {
  readonly pixels: Float64Array
}

export type Tell =
  | { readonly kind: 'ready'; readonly shape: readonly number[] }
  | { readonly kind: 'result'; readonly file: Uint8Array<ArrayBuffer>; readonly evaluator: string; readonly ms: number }
  | { readonly kind: 'problem'; readonly message: string }
