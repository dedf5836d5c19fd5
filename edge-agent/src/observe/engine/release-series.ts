type Labels = Readonly<Record<string, string>>;

/** A metric that can forget one combination of labels. */
export type Forgetful = { remove(labels: Labels): void };

export type Release = { readonly name: string; readonly version: string };

/**
 * Remembers which series belong to which release, and forgets those of versions and releases that have not been used for
 * longest: a box that is updated every week must not tell of fifty versions.
 *
 * @param versionsMax of one release, at most
 * @param namesMax releases, at most
 */
export function createReleaseSeries(versionsMax: number, namesMax: number) {
  /** In the order of their last use, the oldest first; by name, by version, by metric and labels. */
  const names = new Map<string, Map<string, Map<string, () => void>>>();

  function forget(versions: ReadonlyMap<string, ReadonlyMap<string, () => void>>, version: string): void {
    for (const remove of versions.get(version)?.values() ?? []) remove();
  }

  /** The same map with `key` as its latest; what is one too many then is the first. */
  function touch<V>(map: Map<string, V>, key: string, fresh: () => V, most: number, drop: (key: string) => void): V {
    const value = map.get(key) ?? fresh();
    map.delete(key);
    map.set(key, value);
    const [oldest] = map.keys();
    if (map.size > most && oldest !== undefined) {
      drop(oldest);
      map.delete(oldest);
    }
    return value;
  }

  return {
    /** To be called with every series of a release that is written to. */
    used({ name, version }: Release, metric: string, of: Forgetful, labels: Labels): void {
      const versions = touch(
        names,
        name,
        () => new Map<string, Map<string, () => void>>(),
        namesMax,
        (gone) => {
          const all = names.get(gone) ?? new Map<string, Map<string, () => void>>();
          for (const one of all.keys()) forget(all, one);
        },
      );
      const series = touch(
        versions,
        version,
        () => new Map<string, () => void>(),
        versionsMax,
        (gone) => forget(versions, gone),
      );
      const key = `${metric} ${Object.values(labels).join(' ')}`;
      if (!series.has(key)) series.set(key, () => of.remove(labels));
    },
  };
}
