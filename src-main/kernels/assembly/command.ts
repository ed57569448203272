import { PRIME_BYTES, Prime } from './prime'

/** One stage of an operation as src-main/kernels/command-ring.ts writes it; its tasks run in any order. */
@unmanaged
export class Command {
  stage: i32
  tasks: i32
  next: i32
  done: i32
  /** Coefficients of a polynomial. */
  n: i32
  /** Data primes of source and target; of the source, where the stage drops one. */
  primes: i32
  target: usize
  source: usize
  /** Second operand, or memory that all threads share. */
  other: usize
  /** Polynomials per prime: of the source, and of the second operand. */
  parts: i32
  otherParts: i32
  /** Entries of the table. */
  count: i32
  /** Key switching: how digits are represented; see decompose. */
  digits: i32
  primeTable: usize
  /** Index of the special prime. */
  special: i32
  /** Not 0: the second factors, or the second operand, are packed. */
  packed: i32
}

const COMMAND_BYTES: usize = 64

@inline
export function tableOf(command: Command): usize {
  return changetype<usize>(command) + COMMAND_BYTES
}

@inline
export function primeAt(command: Command, index: i32): Prime {
  return changetype<Prime>(command.primeTable + <usize>index * PRIME_BYTES)
}

/** Bytes of one polynomial modulo one prime. */
@inline
export function polynomialBytes(command: Command): usize {
  return <usize>command.n << 3
}
