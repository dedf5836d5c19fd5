import { describe, expect, it } from 'vitest';
import type { CostReading } from '../queue/schedule/cost-model.ts';
import { createCostKeeper } from './cost-keeper.ts';

function rig(saved: readonly CostReading[] = []) {
  const timers: (() => void)[] = [];
  const saves: (readonly CostReading[])[] = [];
  const keeper = createCostKeeper({
    runCosts: { load: () => saved, save: (snapshot) => Promise.resolve(void saves.push(snapshot)) },
    after(_, run) {
      timers.push(run);
      return () => timers.splice(timers.indexOf(run), 1);
    },
    log: { event: () => undefined },
  });
  return { keeper, timers, saves };
}

describe('what runs cost', () => {
  it('is kept a while after something was learned, once for all of it', async () => {
    const { keeper, timers, saves } = rig();
    keeper.costs.learn('gpu-0', 'r items', 8, 100);
    keeper.learned();
    keeper.learned();
    expect(timers).toHaveLength(1);
    timers.splice(0)[0]?.();
    await keeper.stop();
    expect(saves).toMatchObject([[{ device: 'gpu-0', key: 'r items' }]]);
  });

  it('is kept when the appliance stops, and known to the next start', async () => {
    const { keeper, saves } = rig();
    keeper.costs.learn('gpu-0', 'r items', 8, 100);
    keeper.learned();
    await keeper.stop();
    const again = rig(saves[0]).keeper;
    expect(again.costs.cost('gpu-0', 'r items')).toMatchObject({ from: 'learned' });
    expect(again.costs.snapshot()).toEqual(keeper.costs.snapshot());
  });

  it('is not written where nothing was learned', async () => {
    const { keeper, saves } = rig();
    await keeper.stop();
    expect(saves).toEqual([]);
  });
});
