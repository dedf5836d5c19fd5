import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReleaseSeries } from './release-series.ts';

/** A metric that knows only which series there are. */
function metric() {
  const series = new Set<string>();
  return {
    series,
    write(release: string, version: string, device: string) {
      const labels = { release, version, device };
      series.add(JSON.stringify(labels));
      return labels;
    },
    remove: (labels: object) => void series.delete(JSON.stringify(labels)),
  };
}

it('forgets every series of the version that was not used for longest, and no other', () => {
  const of = metric();
  const known = createReleaseSeries(2, 10);
  const use = (version: string, device: string): void =>
    known.used({ name: 'a', version }, 'm', of, of.write('a', version, device));
  for (const device of ['x', 'y']) use('1.0.0', device);
  use('2.0.0', 'x');
  use('1.0.0', 'x');
  use('3.0.0', 'x');
  const versions = [...of.series].map((one) => (JSON.parse(one) as { version: string }).version);
  expect(new Set(versions)).toEqual(new Set(['1.0.0', '3.0.0']));
  expect(of.series.size).toBe(3);
});

it('never keeps more versions and releases than its bounds, nor a series of what it has forgotten', () => {
  const use = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 2 }));
  fc.assert(
    fc.property(fc.array(use, { maxLength: 200 }), (uses) => {
      const of = metric();
      const known = createReleaseSeries(3, 2);
      for (const [name, version, device] of uses) {
        const labels = of.write(`r${name}`, `${version}`, `d${device}`);
        known.used({ name: labels.release, version: labels.version }, 'm', of, labels);
        expect(of.series.has(JSON.stringify(labels))).toBe(true);
      }
      const kept = [...of.series].map((one) => JSON.parse(one) as { release: string; version: string });
      const names = new Set(kept.map(({ release }) => release));
      expect(names.size).toBeLessThanOrEqual(2);
      for (const name of names)
        expect(new Set(kept.filter((one) => one.release === name).map((one) => one.version)).size).toBeLessThanOrEqual(
          3,
        );
    }),
  );
});
