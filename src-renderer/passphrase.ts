/** Characters of a new passphrase, at least; `checkedPassphrase` of the owner refuses fewer. */
const leastLength = 8

export const isLong = (passphrase: string): boolean => passphrase.length >= leastLength

/** What is wrong with a new passphrase as far as it is typed; '' where nothing is. */
export function problemOf(typed: string, repeated: string): string {
  if (typed !== '' && !isLong(typed)) return `At least ${leastLength} characters.`
  return repeated !== '' && typed !== repeated ? 'The two differ.' : ''
}
