/**
 * Whether a release whose folder is broken may be replaced by the one that ran before it: only by an earlier version.
 * A later one ran before only where it was rolled back, and nobody may bring back what was withdrawn. Then none runs,
 * jobs wait, and the assigned release is fetched again.
 *
 * @param previous and `broken`: semantic versions; only major, minor and patch count, so of equal ones neither is earlier
 */
export function mayFallBack(previous: string, broken: string): boolean {
  const [one, other] = [previous, broken].map((version) => (version.split('-')[0] ?? '').split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (one?.[i] ?? 0) - (other?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
