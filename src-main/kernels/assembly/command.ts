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
  /** Index of the special prime; the key primes follow it. */
  special: i32
  /** Not 0: the second factors, or the second operand, are packed. */
  packed: i32
  keyPrimes: i32
  /** Of a key's form: data primes of a digit, special primes of the key. */
  digitPrimes: i32
  specialPrimes: i32
  /** The constants of conversion.ts. */
  conversion: usize
}

const COMMAND_BYTES: usize = 80

@inline
export function tableOf(command: Command): usize {
  return changetype<usize>(command) + COMMAND_BYTES
}

@inline
export function primeAt(command: Command, index: i32): Prime {
  return changetype<Prime>(command.primeTable + <usize>index * PRIME_BYTES)
}

/** A key's special primes in order: the chain's, the key primes, then data primes from the last one down. */
@inline
export function specialAt(command: Command, index: i32): Prime {
  const beyond = index - command.keyPrimes
  return primeAt(command, beyond > 0 ? command.special - beyond : command.special + index)
}

/** Prime of a key's chain of `count` primes. */
@inline
export function keyPrimeAt(command: Command, index: i32, count: i32): Prime {
  const dataPrimes = count - command.specialPrimes
  return index < dataPrimes ? primeAt(command, index) : specialAt(command, index - dataPrimes)
}

/** Bytes of one polynomial modulo one prime. */
@inline
export function polynomialBytes(command: Command): usize {
  return <usize>command.n << 3
}
