import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { describe, expect, it } from 'vitest';
import { crossChecks, type Machine } from './cross-checks.ts';

const machine: Machine = {
  unreadable: (file) => (file.startsWith('/bad') ? `${file} cannot be read (ENOENT)` : undefined),
  unsafe: (file) => (file.startsWith('/open') ? `${file} can be read by others; make its mode 600` : undefined),
  unwritable: () => undefined,
};
const server = {
  protocol: 'kserve-v2',
  url: 'https://models.example.org:8000',
  tls: { ca: '/ca.crt' },
  models: { 'brain-mask-t1': { model: 'brain' } },
};
const route = { release: 'brain-mask-t1', destinations: ['pacs'], objects: ['SR'] };
const config = (devices: unknown, routes: readonly object[] = [route]) => ({
  device: { serial: 'RAD-0001' },
  data: '/data',
  hub: { url: 'https://hub:8443' },
  dicom: { ae_title: 'T', listen: [{ port: 11112 }], sources: [] },
  destinations: [{ name: 'pacs', kind: 'dimse', ae_title: 'PACS1', host: 'pacs', port: 104 }],
  ...{ routes, devices },
});
const check = (
  remotes: readonly object[],
  more: readonly object[] = [{ cpu: { threads: 1 } }],
  routes = [route],
): string[] => {
  const devices = [...more, ...remotes.map((remote) => ({ remote: { ...server, ...remote } }))];
  return crossChecks(agentConfig.parse(config(devices, routes), 'test'), machine).map(
    ({ path, what }) => `${path} ${what}`,
  );
};

describe('checks of model servers', () => {
  it('find nothing wrong with good ones', () => {
    const local = { url: 'http://127.0.0.1:8500', tls: undefined, insecure_loopback: true };
    expect(check([{}, local, { protocol: 'tf-serving' }, { protocol: 'torchserve' }])).toEqual([]);
    expect(check([{}], [])).toEqual([]);
  });

  it('name every problem at once', () => {
    const found = check([
      { url: 'http://models.example.org', tls: undefined, insecure_loopback: true },
      { url: 'http://127.0.0.1:8500', tls: undefined },
      { tls: undefined },
      { url: 'https://me:secret@models.example.org', tls: { ca: '/bad-ca.crt', certificate: '/a.crt' } },
      { token_file: '/open-token', timeouts: { response_s: 3_000_000 }, retry: { first_s: 9, most_s: 1 } },
      { url: 'http://localhost:1', insecure_loopback: true },
    ]);
    expect(found).toEqual([
      'devices[1].remote.url must be https: it is another machine',
      'devices[2].remote.url is not https; with insecure_loopback: true that is allowed on this machine',
      'devices[3].remote.tls is missing; tls.ca names the authority of the server',
      'devices[4].remote.url holds credentials; give them by file',
      'devices[5].remote.timeouts.response_s is more than 2147483 s',
      'devices[5].remote.retry.first_s is more than retry.most_s',
      'devices[6].remote.tls needs an https url',
      'devices[4].remote.tls.ca /bad-ca.crt cannot be read (ENOENT)',
      'devices[4].remote.tls.key is missing; certificate and key belong together',
      'devices[5].remote.token_file /open-token can be read by others; make its mode 600',
    ]);
  });

  it('find routes whose model would run nowhere', () => {
    expect(check([{ models: { other: { model: 'm' } } }], [])).toEqual([
      'routes[0].release brain-mask-t1 is in the models of no device',
    ]);
    expect(check([{ protocol: 'tf-serving' }, { protocol: 'torchserve' }], [])).toEqual([
      'routes[0].unattested must be allow: tf-serving, torchserve can attest no model',
    ]);
    expect(check([{ protocol: 'tf-serving' }], [], [{ ...route, unattested: 'allow' } as typeof route])).toEqual([]);
    expect(check([{ protocol: 'tf-serving' }, {}], [])).toEqual([]);
  });

  it('want one answer for all routes of a release', () => {
    const both = [route, { ...route, name: 'other', unattested: 'allow' } as typeof route];
    expect(check([{}], [], both)).toEqual(['routes[1].unattested differs from routes[0], which has the same release']);
  });
});

describe('the schema of model servers', () => {
  const problems = (remote: object): string => {
    const found = agentConfig.check(config([{ remote: { ...server, ...remote } }]));
    return found.ok ? '' : found.error.map(({ path, what }) => `${path} ${what}`).join('; ');
  };

  it('fills in defaults by protocol', () => {
    const filled = agentConfig.parse(config([{ remote: { ...server, protocol: 'tf-serving' } }]), 'test');
    expect(filled.devices).toMatchObject([
      { remote: { tensors: 'columnar', signature: 'serving_default', workers: 1, timeouts: { response_s: 60 } } },
    ]);
  });

  it.each<[object, string]>([
    [{ models: {} }, 'devices[0].remote.models'],
    [{ models: { 'brain-mask-t1': { model: 'a/../b' } } }, 'devices[0].remote.models.brain-mask-t1.model'],
    [
      { models: { 'brain-mask-t1': { model: 'a', version: '../1' } } },
      'devices[0].remote.models.brain-mask-t1.version',
    ],
    [{ signature: 'x' }, 'devices[0].remote.signature is not a known key'],
    [{ tensors: 'row' }, 'devices[0].remote.tensors must be one of ["auto","binary","json"]'],
    [{ workers: 0 }, 'devices[0].remote.workers'],
    [{ url: 'ftp://x' }, 'devices[0].remote.url'],
  ])('refuses %j at its place, and tells nothing of other kinds of devices', (remote, where) => {
    expect(problems(remote)).toContain(where);
    expect(problems(remote)).not.toMatch(/cpu|gpu|protocol/);
  });
});
