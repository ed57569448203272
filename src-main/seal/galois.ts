/** SEAL's index of the key for a left rotation by `steps`: (3^steps mod 2N − 1) / 2. */
export function rotationGaloisIndex(steps: number, polyModulusDegree: number): number {
  let element = 1
  for (let i = 0; i < steps; i++) element = (element * 3) % (2 * polyModulusDegree)
  return (element - 1) / 2
}
