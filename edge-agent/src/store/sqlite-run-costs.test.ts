import { expect, it } from 'vitest';
import { createCostModel } from '../study/queue/schedule/cost-model.ts';
import { createSqliteRunCosts } from './sqlite-run-costs.ts';
import { inStudyStore, reopen, store } from './testing/study-store-world.ts';

inStudyStore();

it('gives back what was learned as it was saved last, also after a restart', async () => {
  expect(createSqliteRunCosts(store).load()).toEqual([]);
  const model = createCostModel();
  for (const [device, key] of [
    ['gpu', 'a'],
    ['cpu', 'a'],
    ['gpu', 'b'],
  ] as const)
    model.learn(device, key, 4, 120.5);
  await createSqliteRunCosts(store).save(model.snapshot());
  model.learn('gpu', 'a', 8, 230);
  await createSqliteRunCosts(store).save(model.snapshot());
  await store.close();
  await reopen();
  const costs = createSqliteRunCosts(store).load();
  expect(costs).toEqual(model.snapshot());
  expect(createCostModel({ restore: costs }).cost('gpu', 'a')).toEqual(model.cost('gpu', 'a'));
});
