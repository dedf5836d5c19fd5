/** Work that goes on beside the reading, up to a window: who adds one more than fits waits until one is done. */
export type InFlight = {
  /** Resolves when there is room for another. What the work throws comes out of `settled`. */
  add(work: Promise<void>): Promise<void>;
  size(): number;
  settled(): Promise<void>;
};

/** @param windowMax how many may go on when `add` returns, plus one that it waits with */
export function createInFlight(windowMax: () => number): InFlight {
  const going = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | undefined;
  return {
    size: () => going.size,
    async add(work) {
      const one: Promise<void> = work.then(
        () => void going.delete(one),
        (error: unknown) => {
          going.delete(one);
          failed ??= { error };
        },
      );
      going.add(one);
      while (going.size >= windowMax()) await Promise.race(going);
      if (failed !== undefined) throw failed.error;
    },
    async settled() {
      await Promise.all(going);
      if (failed !== undefined) throw failed.error;
    },
  };
}
