import { expect, it } from 'vitest';
import { sumOf } from './policy-metrics.ts';
import { watchStow } from './stow-events.ts';

it('objects that STOW-RS refuses are counted by class, as they are logged, and beside those of DICOM', () => {
  const logged: (readonly [string, unknown])[] = [];
  const watch = watchStow({ event: (name, fields) => void logged.push([name, fields]) });
  const request = {
    associationId: 'x',
    calling: 'CT1',
    address: '127.0.0.1',
    stored: 1,
    bytes: 9,
    duration_ms: 1,
    why: undefined,
  };
  watch.observe({ type: 'finished', ...request, http: 202, refused: [0xa700, 0xa700, 0xc000] });
  expect(watch.counts().refusedObjects).toEqual({ A7xx: 2, A9xx: 0, Cxxx: 1, '01xx': 0, Bxxx: 0, other: 0 });
  expect(logged.filter(([name]) => name === 'instance-refused')).toHaveLength(3);
  const dicom = { A7xx: 1, A9xx: 1, Cxxx: 0, '01xx': 0, Bxxx: 0, other: 0 };
  expect(sumOf(dicom, watch.counts().refusedObjects)).toMatchObject({ A7xx: 3, A9xx: 1, Cxxx: 1 });
});
