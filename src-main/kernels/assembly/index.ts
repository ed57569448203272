export { backward, forward, smallestRoot, writeRoots } from './transform'
export { exportResidues, gather, importResidues, writePermutation } from './residues'
export { add, divideByLast, dropPrimes, lastRemainder, productSum } from './arithmetic'
export { applyKeys, decompose, specialSum } from './key-switch'
