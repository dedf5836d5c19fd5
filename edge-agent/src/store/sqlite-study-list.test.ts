import { describe, expect, it } from 'vitest';
import { createSqliteDeliveries } from './sqlite-deliveries.ts';
import { createSqliteStudyList, quantiles } from './sqlite-study-list.ts';
import { complete, inStudyStore, plan, planned, record, store } from './testing/study-store-world.ts';

inStudyStore();

describe('quantiles', () => {
  it.each([
    [[], { count: 0, p50: 0, p95: 0, max: 0 }],
    [[7], { count: 1, p50: 7, p95: 7, max: 7 }],
    [[3, 1, 2, 4], { count: 4, p50: 2, p95: 4, max: 4 }],
  ])('of %j', (values, expected) => {
    expect(quantiles(values)).toEqual(expected);
  });
});

describe('the study list', () => {
  it('tells states without a patient', async () => {
    await record('1', '1.1', '1.1.1');
    const list = createSqliteStudyList(store);
    expect(list.recent(10)).toMatchObject([{ state: 'receiving', images: 1, revision: 0 }]);
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    expect(list.recent(10)).toMatchObject([{ state: 'queued', release: 'a', revision: 1 }]);
    expect(list.latencies(10).first_image_to_result.count).toBe(0);
    expect(createSqliteDeliveries(store).pending()).toBe(0);
  });
});
