/** Bytes that the bodies of all requests under way may take together. */
export type MemoryBudget = {
  /** The returned function gives them back, once; undefined where there is no room. */
  take(bytes: number): (() => void) | undefined;
  readonly taken: number;
};

export function createMemoryBudget(bytesMax: number): MemoryBudget {
  let taken = 0;
  return {
    take(bytes) {
      if (taken + bytes > bytesMax) return undefined;
      taken += bytes;
      let back = false;
      return () => {
        if (back) return;
        back = true;
        taken -= bytes;
      };
    },
    get taken() {
      return taken;
    },
  };
}
