import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstGuess } from './borrow-cost.ts';
import { type CostModel, createCostModel } from './cost-model.ts';
import { costOf, type RunCost } from './run-cost.ts';

const device = 'gpu';
const key = 'release/0/256×256';
const truth: RunCost = { fixed_ms: 30, perItem_ms: 15 };
const sizes = [16, 16, 3, 16, 8, 1, 16, 12] as const;

/** Teaches runs of several sizes whose time is multiplied by `noise`. */
function teach(model: CostModel, on: string, key: string, cost: RunCost, runs: number, noise = () => 1): void {
  for (let n = 0; n < runs; n++) {
    const items = sizes[n % sizes.length] as number;
    model.learn(on, key, items, costOf(cost, items) * noise());
  }
}
const expected_ms = (model: CostModel, on: string, key: string, items: number): number =>
  costOf(model.cost(on, key), items);
const near = (value: number, wanted: number, share: number): void => {
  expect(value / wanted).toBeGreaterThan(1 - share);
  expect(value / wanted).toBeLessThan(1 + share);
};

describe('what runs cost', () => {
  it('is learned from the first run on', () => {
    const model = createCostModel();
    model.learn(device, key, 16, costOf(truth, 16));
    near(expected_ms(model, device, key, 16), costOf(truth, 16), 0.15);
  });

  it('comes apart into what is fixed and what is of each item', () => {
    const model = createCostModel();
    teach(model, device, key, truth, 60);
    near(model.cost(device, key).fixed_ms, truth.fixed_ms, 0.1);
    near(model.cost(device, key).perItem_ms, truth.perItem_ms, 0.1);
  });

  it('is right within a quarter whatever it is, with noise of 30 %', () => {
    const cost = fc.record({
      fixed_ms: fc.double({ min: 0, max: 500, noNaN: true }),
      perItem_ms: fc.double({ min: 0.1, max: 500, noNaN: true }),
    });
    fc.assert(
      fc.property(cost, fc.integer(), (cost, seed) => {
        const model = createCostModel();
        let state = seed >>> 0;
        teach(model, device, key, cost, 64, () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
          return 0.7 + (0.6 * state) / 2 ** 32;
        });
        near(expected_ms(model, device, key, 16), costOf(cost, 16), 0.25);
      }),
      // Noise is noise: with another seed one run in many thousand lies further off.
      { numRuns: 1_000, seed: 4 },
    );
  });

  it('is hardly moved by one run that took fifty times as long', () => {
    const model = createCostModel();
    teach(model, device, key, truth, 20);
    model.learn(device, key, 16, 50 * costOf(truth, 16));
    near(expected_ms(model, device, key, 16), costOf(truth, 16), 0.25);
    teach(model, device, key, truth, 5);
    near(expected_ms(model, device, key, 16), costOf(truth, 16), 0.1);
  });

  it('follows a device that is throttled to 30 % within four runs, in all that it runs, and back', () => {
    const model = createCostModel();
    teach(model, device, key, truth, 20);
    teach(model, device, 'other', { fixed_ms: 5, perItem_ms: 100 }, 20);
    teach(model, device, key, truth, 4, () => 1 / 0.3);
    near(expected_ms(model, device, key, 16), costOf(truth, 16) / 0.3, 0.15);
    near(expected_ms(model, device, 'other', 2), 205 / 0.3, 0.15);
    teach(model, device, key, truth, 4);
    near(expected_ms(model, device, key, 16), costOf(truth, 16), 0.15);
  });

  it('follows one model that has become slower without thinking so of the others', () => {
    const model = createCostModel();
    const other: RunCost = { fixed_ms: 5, perItem_ms: 100 };
    teach(model, device, key, truth, 20);
    teach(model, device, 'other', other, 20);
    for (let n = 0; n < 6; n++) {
      model.learn(device, key, 16, 3 * costOf(truth, 16));
      model.learn(device, 'other', 2, costOf(other, 2));
    }
    near(expected_ms(model, device, key, 16), 3 * costOf(truth, 16), 0.15);
    near(expected_ms(model, device, 'other', 2), costOf(other, 2), 0.15);
  });

  it('never becomes nothing, negative or infinite', () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1e7, noNaN: true })));
    fc.assert(
      fc.property(runs, (runs) => {
        const model = createCostModel();
        for (const [items, took_ms] of runs) {
          model.learn(device, key, items, took_ms);
          const { fixed_ms, perItem_ms } = model.cost(device, key);
          expect(Number.isFinite(fixed_ms) && fixed_ms >= 0).toBe(true);
          expect(Number.isFinite(perItem_ms) && perItem_ms > 0).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what never ran on a device', () => {
  it('is a first guess while nothing ran anywhere', () => {
    expect(createCostModel().cost(device, key)).toEqual({ ...firstGuess, from: 'nothing' });
  });

  it('is taken from another device, at the speed that the two have to each other', () => {
    const model = createCostModel();
    teach(model, device, 'both', truth, 20);
    teach(model, 'cpu', 'both', { fixed_ms: 120, perItem_ms: 60 }, 20);
    teach(model, device, key, { fixed_ms: 10, perItem_ms: 100 }, 20);
    expect(model.cost('cpu', key).from).toBe('other device');
    near(expected_ms(model, 'cpu', key, 16), 4 * (10 + 1_600), 0.2);
  });

  it('is taken as it is from a device that it has nothing in common with', () => {
    const model = createCostModel();
    teach(model, device, key, truth, 20);
    near(expected_ms(model, 'cpu', key, 16), costOf(truth, 16), 0.1);
  });

  it('is what a device takes for other things, when nobody has run it', () => {
    const model = createCostModel();
    teach(model, device, 'other', truth, 20);
    expect(model.cost(device, key).from).toBe('other keys');
    near(expected_ms(model, device, key, 16), costOf(truth, 16), 0.1);
  });
});

describe('what was learned', () => {
  it('goes on from a snapshot as if nothing had been in between', () => {
    const model = createCostModel();
    teach(model, device, key, truth, 20);
    teach(model, 'cpu', key, { fixed_ms: 1, perItem_ms: 300 }, 2);
    const again = createCostModel({ restore: JSON.parse(JSON.stringify(model.snapshot())) });
    for (const one of [model, again]) teach(one, device, key, truth, 3, () => 1.4);
    expect(again.snapshot()).toEqual(model.snapshot());
  });

  it('is bounded: what was not used for longest goes first', () => {
    const model = createCostModel({ readingsMax: 2 });
    for (const name of ['a', 'b', 'a', 'c']) model.learn(device, name, 1, 10);
    expect(model.snapshot().map(({ key }) => key)).toEqual(['a', 'c']);
  });
});
