import { expect, it } from 'vitest';
import { changesAtOnce, type Changing, createChangeTurns } from './change-turns.ts';

/** Places that want a turn when they are woken, and note that they have one. */
function world(atOnce: number, count: number) {
  const turns = createChangeTurns(atOnce);
  const begun: number[] = [];
  const places = Array.from({ length: count }, (_, index): Changing => {
    const place = { takesNew: (sha256: string) => sha256 === `of ${index}`, wake: () => ask(index) };
    turns.join(place);
    return place;
  });
  function ask(index: number): void {
    if (turns.mayChange(places[index]!)) begun.push(index);
  }
  const done = (index: number): void => turns.done(places[index]!);
  return { turns, places, begun, ask, done };
}

it('so many change at once, and the others in the order in which they asked', () => {
  const { begun, ask, done } = world(2, 5);
  for (const index of [3, 0, 4, 1, 2]) ask(index);
  expect(begun).toEqual([3, 0]);
  done(0);
  expect(begun).toEqual([3, 0, 4]);
  done(3);
  done(4);
  expect(begun).toEqual([3, 0, 4, 1, 2]);
});

it('whoever has a turn keeps it, and whoever needs none any more leaves the line', () => {
  const { begun, ask, done } = world(1, 3);
  for (const index of [0, 0, 1, 2]) ask(index);
  expect(begun).toEqual([0, 0]);
  done(1);
  done(0);
  expect(begun).toEqual([0, 0, 2]);
});

it('knows what another place goes on with', () => {
  const { turns, places } = world(1, 2);
  expect(turns.elsewhere(places[0]!, 'of 1')).toBe(true);
  expect(turns.elsewhere(places[0]!, 'of 0')).toBe(false);
});

it.each([
  [1, 64, 1],
  [2, 2, 1],
  [8, 64, 4],
  [8, 4, 2],
  [3, 1, 1],
])('%i places on %i cores: %i at once', (places, cores, atOnce) => {
  expect(changesAtOnce(places, cores)).toBe(atOnce);
});
