/** Values in the order of `before`, which must be a total order. Meant for some thousand: an insertion moves references. */
export type SortedList<T> = {
  at(index: number): T | undefined;
  size(): number;
  add(value: T): void;
  /** Changes what values are ordered by, of as many as one likes, and orders them anew. */
  reorder(change: (value: T) => void): void;
  /** By its order at the time it was added, so remove a value before what it is ordered by changes. */
  remove(value: T): void;
};

export function createSortedList<T>(before: (a: T, b: T) => boolean): SortedList<T> {
  const values: T[] = [];

  /** Index of the first value that is not before this one. */
  function indexOf(value: T): number {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(values[middle] as T, value)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    at: (index) => values[index],
    size: () => values.length,
    add(value) {
      values.splice(indexOf(value), 0, value);
    },
    reorder(change) {
      for (const value of values) change(value);
      values.sort((a, b) => (before(a, b) ? -1 : 1));
    },
    remove(value) {
      const index = indexOf(value);
      if (values[index] !== value) throw new Error('the list holds no such value, or its order has changed');
      values.splice(index, 1);
    },
  };
}
