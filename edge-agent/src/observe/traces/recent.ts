/** A map of at most `most` entries; the one that was set longest ago makes way. */
export function createRecent<K, V>(most: number) {
  const map = new Map<K, V>();
  return {
    get: (key: K): V | undefined => map.get(key),
    has: (key: K): boolean => map.has(key),
    set(key: K, value: V): void {
      map.delete(key);
      map.set(key, value);
      const [oldest] = map.keys();
      if (map.size > most && oldest !== undefined) map.delete(oldest);
    },
    delete: (key: K): boolean => map.delete(key),
    entries: (): [K, V][] => [...map.entries()],
  };
}
