import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { parseByteSize } from '../core/byte-size.ts'

/** Under `npm run sealwright` npm changes to the project's folder and says where the person stands. */
const byNpm = ['sealwright', 'demo'].includes(process.env.npm_lifecycle_event ?? '')
const standing = (byNpm && process.env.INIT_CWD) || process.cwd()

export const path = (text: string): string => {
  if (text === '') throw new InvalidArgumentError('A path is expected.')
  return resolve(standing, text)
}

/** 0.0039, 1e-3 or 1/255. */
export function number(text: string): number {
  const [numerator = '', denominator = '1', ...rest] = text.split('/')
  const value = Number(numerator) / Number(denominator)
  if (numerator.trim() === '' || denominator.trim() === '' || rest.length > 0 || !Number.isFinite(value)) {
    throw new InvalidArgumentError('A number is expected, such as 0.5 or 1/255.')
  }
  return value
}

/** A part of a whole, 0 to 1. */
export function share(text: string): number {
  const value = number(text)
  if (value < 0 || value > 1) throw new InvalidArgumentError('A share from 0 to 1 is expected, such as 0.95.')
  return value
}

export const numbers = (text: string): number[] => text.split(',').map(number)

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('A whole number is expected.')
  return Number(text)
}

export function positiveNumber(text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('A whole number above 0 is expected.')
  return value
}

/** 2000000, 100M or 1.5GiB. */
export function byteSize(text: string): number {
  const bytes = parseByteSize(text)
  if (bytes === undefined) throw new InvalidArgumentError('Bytes are expected, such as 100M or 1.5GiB.')
  return bytes
}

export function batchSize(text: string): number {
  const value = wholeNumber(text)
  if (![1, 2, 4, 8, 16].includes(value)) throw new InvalidArgumentError('1, 2, 4, 8 or 16 is expected.')
  return value
}

/** 1,3,32,32 */
export const sizes = (text: string): number[] => text.split(',').map(positiveNumber)

/** 256, or height and width: 240,320. */
export function sides(text: string): number[] {
  const found = sizes(text)
  if (found.length <= 2 && found.every((side) => side <= 4096)) return found
  throw new InvalidArgumentError('One or two numbers of pixels up to 4096 are expected, such as 224 or 240,320.')
}

/** An option that may be given again. */
export const collected = (value: string, before: string[]): string[] => [...before, value]
