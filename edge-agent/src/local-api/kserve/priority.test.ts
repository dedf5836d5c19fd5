import { describe, expect, it } from 'vitest';
import { priorityOf, timeoutOf } from './priority.ts';

describe('the priority of a request', () => {
  it.each([
    [undefined, undefined, ['routine'], 2],
    [0, undefined, ['background', 'routine'], 3],
    [1, undefined, ['routine', 'stat'], 0],
    ['urgent', undefined, ['routine', 'urgent'], 1],
    [undefined, 'urgent', ['routine', 'urgent'], 1],
    // The parameter goes before the header line.
    [3, 'urgent', ['routine', 'urgent'], 2],
  ] as const)('%j, %j of %j', (parameter, header, allowed, value) => {
    expect(priorityOf(parameter, header, allowed)).toEqual({ ok: true, value });
  });

  it.each([
    [1, undefined, 403],
    ['stat', undefined, 403],
    [undefined, 'stat', 403],
    [5, undefined, 400],
    [-1, undefined, 400],
    [1.5, undefined, 400],
    [true, undefined, 400],
    [undefined, 'first', 400],
  ] as const)('is refused: %j, %j', (parameter, header, http) => {
    expect(priorityOf(parameter, header, ['routine', 'urgent'])).toMatchObject({ ok: false, error: { http } });
  });
});

it('a timeout is microseconds', () => {
  expect([undefined, 0, 1_500].map(timeoutOf)).toEqual(
    [undefined, undefined, 1.5].map((value) => ({ ok: true, value })),
  );
  for (const wrong of [-1, 0.5, 'soon', true]) expect(timeoutOf(wrong)).toMatchObject({ ok: false });
});
