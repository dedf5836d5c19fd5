import { Counter, Gauge, type Registry } from 'prom-client';

export type Sample = readonly [Readonly<Record<string, string>>, number];

/** A metric whose samples are asked for at the moment of a scrape; a counter where its name ends in `_total`. */
export type Ask = (name: string, help: string, labels: readonly string[], samples: () => readonly Sample[]) => void;

export const askIn =
  (registry: Registry): Ask =>
  (name, help, labelNames, samples) => {
    const options = { name, help, labelNames: [...labelNames], registers: [registry] };
    if (name.endsWith('_total')) {
      const counter: Counter = new Counter({
        ...options,
        collect() {
          counter.reset();
          for (const [labels, value] of samples()) counter.inc(labels, value);
        },
      });
      return;
    }
    const gauge: Gauge = new Gauge({
      ...options,
      collect() {
        gauge.reset();
        for (const [labels, value] of samples()) gauge.set(labels, value);
      },
    });
  };

/** One sample a key. */
export const by = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
  Object.entries(values).map(([key, value]) => [{ [label]: key }, value]);
