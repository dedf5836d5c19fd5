import { expect, test } from 'vitest';
import { topicMatches } from './topic-filter.ts';

test.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/b/c', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a', false],
  ['a/+/c', 'a/b/c', true],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['#', 'x/y', true],
  ['a/+', 'a/b/c', false],
])('%s against %s is %s', (filter, topic, fits) => expect(topicMatches(filter, topic)).toBe(fits));
