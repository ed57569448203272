/** Plain JavaScript, so that a Node which is too old can read it and say so. */

/**
 * Whether a range such as `^22.22.2 || >=26.0.0` admits a Node's version. No other operators are understood.
 * @param {string} range
 * @param {string} version
 */
export function admits(range, version) {
  const own = numbersOf(version)
  return range.split('||').some((part) => {
    const [, operator, oldest] = /^\s*(\^|>=)([\d.]+)\s*$/.exec(part) ?? []
    if (oldest === undefined) throw new Error(`Not understood: ${part}`)
    const least = numbersOf(oldest)
    const differs = least.findIndex((number, i) => number !== own[i])
    const isNotOlder = differs === -1 || own[differs] > least[differs]
    return isNotOlder && (operator === '>=' || own[0] === least[0])
  })
}

/** @param {string} version */
const numbersOf = (version) => version.split('.').map((part) => parseInt(part, 10))
