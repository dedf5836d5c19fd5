import { describe, expect, test } from 'vitest';
import { agentConfig } from './agent-config.ts';

const minimal = {
  device: { serial: 'RAD-0001' },
  data: '/var/lib/collimator',
  hub: { url: 'https://hub.example.org:8443' },
  dicom: { ae_title: 'COLLIMATOR', listen: [{ port: 11112 }], sources: [] },
  destinations: [],
  routes: [],
};

describe('a document against its schema', () => {
  test('comes back with its defaults, and the input is not changed', () => {
    const input = structuredClone(minimal);
    const result = agentConfig.check(input);
    expect(result).toMatchObject({
      ok: true,
      value: { devices: 'auto', dicom: { limits: { associations: 64 } }, log: { level: 'info' } },
    });
    expect(input).toEqual(minimal);
  });

  test('names every problem at once, with its path', () => {
    const bad = {
      ...minimal,
      colour: 'red',
      device: { serial: 'hub' },
      dicom: { ...minimal.dicom, listen: [{ port: 70_000, fast: true }], limits: { associations: 'many' } },
      routes: [{ release: 'x', destinations: [] }],
    };
    expect(() => agentConfig.parse(bad, 'agent.yaml')).toThrow(/agent\.yaml/);
    const result = agentConfig.check(bad);
    const paths = result.ok ? [] : result.error.map((p) => p.path);
    expect(new Set(paths)).toEqual(
      new Set([
        'colour',
        'device.serial',
        'dicom.listen[0].port',
        'dicom.listen[0].fast',
        'dicom.limits.associations',
        'routes[0].destinations',
        'routes[0].objects',
      ]),
    );
  });

  test('is refused whatever it is, without an exception', () => {
    for (const value of [null, undefined, 3, 'text', [], new Map()]) expect(agentConfig.check(value).ok).toBe(false);
  });

  test('is told of the kind that it chose, and of no other', () => {
    const destinations = [
      { name: 'a', kind: 'dimse', host: 'pacs', port: 104, url: 'https://pacs' },
      { name: 'b', kind: 'stow', url: 'ftp://pacs' },
      { name: 'c', kind: 'fax' },
    ];
    const result = agentConfig.check({ ...minimal, destinations });
    expect(result.ok ? [] : result.error.map((p) => p.path)).toEqual([
      'destinations[0].ae_title',
      'destinations[0].url',
      'destinations[1].url',
      'destinations[2].kind',
      'destinations[2].kind',
    ]);
  });
});
