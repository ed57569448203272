/** Refuses with a reason for the owner; bits where the refusal tells something. */
export class Refused extends Error {
  readonly reason: string
  readonly bits: number

  constructor(reason: string, bits = 0) {
    super(reason)
    this.reason = reason
    this.bits = bits
  }
}
