import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { devicePublishes, deviceSubscribes, parseTopic, topics } from './topics.ts';

const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);

describe('what a device may do at the broker', () => {
  test('nothing under the id of another, whatever the topic', () => {
    fc.assert(
      fc.property(
        id,
        id,
        fc.constantFrom('state', 'events', 'telemetry', 'drift', 'acks', 'commands'),
        (a, b, kind) => {
          fc.pre(a !== b);
          const topic = `collimator/v1/devices/${b}/${kind}`;
          return !devicePublishes(a, topic) && !deviceSubscribes(a, topic);
        },
      ),
    );
  });

  test.each([
    '#',
    '+/#',
    'collimator/v1/#',
    'collimator/v1/devices/+/state',
    'collimator/v1/devices/+/assignments/+',
    '$SYS/#',
  ])('no subscription to %s', (filter) => expect(deviceSubscribes('a', filter)).toBe(false));

  test('writes only what it reports, reads only what it is told', () => {
    expect(devicePublishes('a', topics.state('a'))).toBe(true);
    expect(devicePublishes('a', topics.assignment('a', 'x'))).toBe(false);
    expect(devicePublishes('a', topics.acks('a'))).toBe(false);
    expect(devicePublishes('a', topics.fleetTimestamp)).toBe(false);
    expect(deviceSubscribes('a', topics.assignments('a'))).toBe(true);
    expect(deviceSubscribes('a', topics.assignment('a', 'brain-mask-t1'))).toBe(true);
    expect(deviceSubscribes('a', topics.chunkRequest('a'))).toBe(false);
  });
});

test('a topic names its device again', () => {
  expect(parseTopic(topics.assignment('RAD-1', 'x'))).toEqual({ device: 'RAD-1', kind: 'assignments/x' });
  expect(parseTopic(topics.chunkRequest('RAD-1'))).toEqual({ device: 'RAD-1', kind: 'chunks/request' });
  expect(parseTopic(topics.fleetTimestamp)).toBeUndefined();
  expect(parseTopic('other/v1/devices/a/state')).toBeUndefined();
});
