/** What a map holds for a key; made and held from now on where it holds nothing. What `make` throws leaves the map as it was. */
export function getOrMake<K, V extends object | string | number | boolean>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const held = map.get(key)
  if (held !== undefined) return held
  const made = make()
  map.set(key, made)
  return made
}
