/** One place for a process, as the others know it. */
export type Changing = {
  /** Whether what is new for this release may come to it. */
  takesNew(sha256: string): boolean;
  /** It may be its turn. */
  wake(): void;
};

/**
 * Places that serve change their models some at a time, so that the others have the processor and go on with what they
 * have. A place that serves nothing needs no turn.
 */
export type ChangeTurns = {
  join(place: Changing): void;
  /** Whether it may begin, or has begun; where not, it is woken when it may be its turn. */
  mayChange(place: Changing): boolean;
  /** It has changed, or does not any more. */
  done(place: Changing): void;
  /** Whether another place takes what is new for this release. */
  elsewhere(place: Changing, sha256: string): boolean;
};

/** `atOnce` is at least one. */
export function createChangeTurns(atOnce: number): ChangeTurns {
  const places = new Set<Changing>();
  const at = new Set<Changing>();
  const line = new Set<Changing>();

  return {
    join: (place) => void places.add(place),
    mayChange(place) {
      if (at.has(place)) return true;
      if (at.size >= atOnce) {
        line.add(place);
        return false;
      }
      line.delete(place);
      at.add(place);
      return true;
    },
    done(place) {
      line.delete(place);
      if (!at.delete(place)) return;
      // Whoever does not get a turn stands in line again; whoever needs none any more does not.
      const waiting = [...line];
      line.clear();
      for (const other of waiting) other.wake();
    },
    elsewhere: (place, sha256) => [...places].some((other) => other !== place && other.takesNew(sha256)),
  };
}

/** So many places change at once: half of them go on, and a process that loads has a core beside one that serves. */
export const changesAtOnce = (places: number, cores: number): number =>
  Math.max(1, Math.min(Math.floor(places / 2), Math.floor(cores / 2)));
