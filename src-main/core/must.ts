import { InternalError } from './errors.ts'

/**
 * The value that a map holds by construction, in place of a `!` that would go on with `undefined`.
 * @throws InternalError naming the key, if the map does not hold it
 */
export function must<K, V>(map: { get(key: K): V | undefined }, key: K): V {
  const value = map.get(key)
  if (value === undefined) throw new InternalError(`“${String(key)}” should have a value here`)
  return value
}

/**
 * The last element of a list that is not empty by construction.
 * @throws InternalError if it is empty
 */
export function lastOf<T>(list: readonly T[]): T {
  if (list.length === 0) throw new InternalError('a list should not be empty here')
  return list[list.length - 1]
}

/**
 * A value that is there by construction.
 * @throws InternalError if it is not
 */
export function present<T>(value: T | null | undefined): T {
  if (value === undefined || value === null) throw new InternalError('a value should be present here')
  return value
}
