import { topics } from '@collimator/shared/contracts/topics';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeConnect, judgePublish, maySubscribe } from './broker-policy.ts';

const peer = { commonName: 'RAD-1', certificateSerial: 'ab' };
const request = { clientId: 'RAD-1', username: undefined, clean: true };

describe('who may connect', () => {
  test.each([
    ['its own name', request, true],
    ['its own name twice', { ...request, username: 'RAD-1' }, true],
    ['the name of another', { ...request, clientId: 'RAD-2' }, false],
    ['the name of the hub', { ...request, clientId: 'hub' }, false],
    ['the user name of another', { ...request, username: 'RAD-2' }, false],
    ['a session that is kept', { ...request, clean: false }, false],
  ])('a device under %s', (_what, asked, expected) => expect(judgeConnect(peer, asked, () => true).ok).toBe(expected));

  test('not with a certificate that was replaced', () =>
    expect(judgeConnect(peer, request, () => false).ok).toBe(false));
  test('a certificate without a name does not open a session without a name', () =>
    expect(judgeConnect({ ...peer, commonName: '' }, { ...request, clientId: '' }, () => false).ok).toBe(false));
});

describe('what a device may do', () => {
  const publication = (topic: string, qos = 1, retain = false) => ({ topic, qos, retain });
  test('publish what it reports, at most at QoS 1', () => {
    expect(judgePublish('RAD-1', publication(topics.events('RAD-1'))).ok).toBe(true);
    expect(judgePublish('RAD-1', publication(topics.events('RAD-1'), 2)).ok).toBe(false);
  });
  test('leave nothing behind at the broker but its state', () => {
    expect(judgePublish('RAD-1', publication(topics.state('RAD-1'), 1, true)).ok).toBe(true);
    for (const topic of [topics.events('RAD-1'), topics.telemetry('RAD-1'), topics.chunkRequest('RAD-1')])
      expect(judgePublish('RAD-1', publication(topic, 1, true)).ok).toBe(false);
    expect(judgePublish('hub', publication(topics.assignment('RAD-1', 'brain'), 1, true)).ok).toBe(true);
  });
  test('nothing on the topics of the broker itself, hub included', () => {
    for (const name of ['RAD-1', 'hub']) {
      expect(judgePublish(name, publication('$SYS/x')).ok).toBe(false);
      expect(maySubscribe(name, '$SYS/#')).toBe(false);
    }
  });
  test('whatever the topic, only what the topic rules say', () => {
    const part = fc.constantFrom(
      'collimator',
      'v1',
      'devices',
      'chunks',
      'fleet',
      'RAD-1',
      'RAD-2',
      'state',
      'acks',
      '+',
      '#',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const topic = parts.join('/');
        const about =
          topic.startsWith('collimator/v1/devices/RAD-1/') || topic.startsWith('collimator/v1/chunks/RAD-1/');
        const published = judgePublish('RAD-1', publication(topic)).ok;
        const heard = maySubscribe('RAD-1', topic);
        return (about || !published) && (about || topic === topics.fleetTimestamp || !heard);
      }),
    );
  });
});
