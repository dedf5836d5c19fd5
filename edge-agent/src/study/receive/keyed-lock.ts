/** Runs what concerns the same key one after the other. Holds an entry only while somebody runs or waits. */
export type KeyedLock = { run<T>(key: string, work: () => Promise<T>): Promise<T> };

export function createKeyedLock(): KeyedLock {
  const tails = new Map<string, Promise<void>>();
  return {
    async run(key, work) {
      const before = tails.get(key);
      let release = (): void => undefined;
      const mine = new Promise<void>((resolve) => {
        release = resolve;
      });
      tails.set(key, mine);
      await before;
      try {
        return await work();
      } finally {
        if (tails.get(key) === mine) tails.delete(key);
        release();
      }
    },
  };
}
