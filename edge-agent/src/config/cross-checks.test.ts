import { agentConfig } from '@collimator/shared/contracts/agent-config';
import { describe, expect, it } from 'vitest';
import { crossChecks, type Machine, type Sections } from './cross-checks.ts';

const machine: Machine = {
  unreadable: (file) => (file.startsWith('/bad') ? `${file} cannot be read (ENOENT)` : undefined),
  unsafe: (file) => (file.startsWith('/open') ? `${file} can be read by others; make its mode 600` : undefined),
  unwritable: (folder) => (folder.startsWith('/bad') ? `${folder} cannot be written to (EROFS)` : undefined),
};

const good = {
  device: { serial: 'RAD-0001' },
  data: '/data',
  hub: { url: 'https://hub:8443', extra_ca: '/ca.crt' },
  dicom: {
    ae_title: 'COLLIMATOR',
    listen: [{ port: 11112 }, { port: 2762, tls: { certificate: '/a.crt', key: '/a.key', client_ca: '/ca.crt' } }],
    sources: [{ ae_title: 'PACS1', address: '192.0.2.0/24', called: ['COLLIMATOR'] }],
  },
  destinations: [{ name: 'pacs', kind: 'dimse', ae_title: 'PACS1', host: 'pacs', port: 104 }],
  routes: [{ release: 'brain-mask-t1', destinations: ['pacs'], objects: ['SEG', 'SR'] }],
};
const pacs = good.destinations[0];
const count = { host: 'pacs', port: 104, ae_title: 'PACS1' };
const gpu = 'GPU-5f4d6b1c-8a3e-4f0b-9c57-1d2e3f4a5b6c';

const check = (change: object): string[] => {
  const config: Sections = agentConfig.parse({ ...good, ...change }, 'test');
  return crossChecks(config, machine).map(({ path, what }) => `${path} ${what}`);
};
const dicom = (change: object) => ({ dicom: { ...good.dicom, ...change } });

const priorSource = { ae_title: 'NOBODY', host: 'pacs', port: 104 };
const stow = (change: object) => ({ local_api: { stow: { enabled: true, ...change } } });
const inference = (change: object) => ({ local_api: { inference: { enabled: true, ...change } } });

describe('checks beyond the schema', () => {
  it('find nothing wrong with a good configuration, nor with none', () => {
    expect(check({})).toEqual([]);
    expect(crossChecks({}, machine)).toEqual([]);
  });

  it.each([
    ['http://collector:4318/v1/traces', ['telemetry.traces.endpoint is not https; collector is another machine']],
    ['http://127.0.0.1:4318/v1/traces', []],
    ['http://[::1]:4318/v1/traces', []],
    ['https://collector:4318/v1/traces', []],
    ['https://collector:4318', ['telemetry.traces.endpoint has no path; collectors take traces at /v1/traces']],
    [
      'https://me:secret@collector/v1/traces',
      ['telemetry.traces.endpoint holds a secret; put it into telemetry.traces.headers_file'],
    ],
    ['https://:4318/v1/traces', ['telemetry.traces.endpoint is no URL']],
  ])('find %s as a collector of traces: %j', (endpoint, problems) => {
    expect(check({ telemetry: { traces: { endpoint } } })).toEqual(problems);
  });

  it('find files of traces that cannot be read, or that others can read', () => {
    const traces = { endpoint: 'https://collector/v1/traces', ca: '/bad.crt', headers_file: '/open' };
    expect(check({ telemetry: { traces } })).toEqual([
      'telemetry.traces.ca /bad.crt cannot be read (ENOENT)',
      'telemetry.traces.headers_file /open can be read by others; make its mode 600',
    ]);
  });

  it.each<[string, object, string[]]>([
    [
      'an unknown destination',
      { destinations: [] },
      ['routes[0].destinations[0] pacs is not the name of a destination'],
    ],
    [
      'a name used twice',
      { destinations: [pacs, pacs] },
      ['destinations[1].name pacs is the name of another destination too'],
    ],
    [
      'times for which no timer can wait',
      {
        ...dicom({ limits: { artim_s: 3_000_000 } }),
        assembly: { complete_after_quiet_s: 3_000_000 },
        destinations: [{ ...pacs, retry: { most_s: 3_000_000 } }],
      },
      [
        'dicom.limits.artim_s is more than 2147483 s',
        'assembly.complete_after_quiet_s is more than 2147483 s',
        'destinations[0].retry.most_s is more than 2147483 s',
      ],
    ],
    [
      'two routes of one name',
      { routes: [good.routes[0], good.routes[0]] },
      ['routes[1].name brain-mask-t1 is the name of another route too; give each route of a release a name of its own'],
    ],
    [
      'routes of one release that wait for different things',
      { routes: [good.routes[0], { ...good.routes[0], name: 'early', complete: 'series' }] },
      ['routes[1].complete must be the same for all routes of brain-mask-t1'],
    ],
    [
      'two rules for one source',
      { assembly: { rules: [{ source: 'CT1' }, { source: 'CT1' }] } },
      ['assembly.rules[1].source CT1 has a rule already'],
    ],
    [
      'rules that nobody can be asked for, and who is asked for nothing',
      {
        assembly: {
          rules: [
            { source: 'A', expect: 'c-find' },
            { source: 'B', at: count },
            { source: 'C', expect: 'key-object', titles: ['113030', '113001'] },
            { source: 'D', expect: 'c-find', at: { ...count, port: 0, retry: { first_s: 9, most_s: 3 } } },
            { source: 'E', expect: 'c-find', at: { ...count, timeouts: { connect_s: 3_000_000 } } },
            { source: 'F', expect: 'c-find', at: { ...count, tls: { ca: '/bad-ca.crt', key: '/a.key' } } },
          ],
        },
      },
      [
        'assembly.rules[0].at is missing; say who is to be asked',
        'assembly.rules[1].at is for expect: c-find',
        'assembly.rules[2].titles[1] 113001 is the title of rejection notes',
        'assembly.rules[3].at.port is no port that can be called',
        'assembly.rules[3].at.retry.first_s is more than at.retry.most_s',
        'assembly.rules[4].at.timeouts.connect_s is more than 2147483 s',
        'assembly.rules[5].at.tls.ca /bad-ca.crt cannot be read (ENOENT)',
        'assembly.rules[5].at.tls.certificate is missing; certificate and key belong together',
      ],
    ],
    ['a rule with a source that counts', { assembly: { rules: [{ source: 'A', expect: 'c-find', at: count }] } }, []],
    ['a PACS that has priors and may send', { priors: { source: { ...priorSource, sends_as: 'PACS1' } } }, []],
    [
      'priors that nobody can send, or be asked for',
      {
        priors: {
          source: { ...priorSource, port: 0, tls: { ca: '/bad-ca.crt', key: '/a.key' } },
          timeouts: { response_s: 3_000_000 },
          retry: { first_s: 9, most_s: 3 },
        },
      },
      [
        'priors.source.port is no port that can be called',
        'priors.timeouts.response_s is more than 2147483 s',
        'priors.retry.first_s is more than priors.retry.most_s',
        'priors.source.ae_title NOBODY may not send to us; list it under dicom.sources',
        'priors.source.tls.ca /bad-ca.crt cannot be read (ENOENT)',
        'priors.source.tls.certificate is missing; certificate and key belong together',
      ],
    ],
    ['two routes of one release', { routes: [good.routes[0], { ...good.routes[0], name: 'thin' }] }, []],
    [
      'conditions that nothing can meet',
      {
        routes: [
          {
            ...good.routes[0],
            select: { series_description: '(', slices: { min: 9, max: 3 }, thickness_mm: { min: 2, max: 1 } },
          },
        ],
      },
      [
        'routes[0].select.slices.min is more than max',
        'routes[0].select.thickness_mm.min is more than max',
        'routes[0].select.series_description is no regular expression',
      ],
    ],
    [
      'a port used twice',
      dicom({ listen: [{ port: 104 }, { host: '127.0.0.1', port: 104 }] }),
      ['dicom.listen[1].port 104 is the port of dicom.listen[0] too'],
    ],
    [
      'the port of the local API',
      dicom({ listen: [{ port: 8080 }] }),
      ['local_api.port 8080 is the port of dicom.listen[0] too'],
    ],
    ['any free port, twice', dicom({ listen: [{ port: 0 }, { port: 0 }] }), []],
    [
      'one port on two addresses',
      dicom({
        listen: [
          { host: '10.0.0.1', port: 104 },
          { host: '10.0.0.2', port: 104 },
        ],
      }),
      [],
    ],
    [
      'an address that is none',
      dicom({ sources: [{ ...good.dicom.sources[0], address: 'pacs.example' }] }),
      ['dicom.sources[0].address pacs.example is not an address or a CIDR block'],
    ],
    [
      'a source that is there twice, however its block is written',
      dicom({
        sources: ['192.0.2.0/24', '192.0.2.9/24', '192.0.2.0/25'].map((address) => ({
          ...good.dicom.sources[0],
          address,
        })),
      }),
      ['dicom.sources[1] has the AE title and the addresses of dicom.sources[0]'],
    ],
    [
      'a source with more associations than there are',
      dicom({ sources: [{ ...good.dicom.sources[0], associations: 99 }] }),
      ['dicom.sources[0].associations is more than dicom.limits.associations'],
    ],
    [
      'a passcode that cannot be read',
      dicom({ sources: [{ ...good.dicom.sources[0], user: { name: 'ct', passcode_file: '/bad-passcode' } }] }),
      ['dicom.sources[0].user.passcode_file /bad-passcode cannot be read (ENOENT)'],
    ],
    [
      'fewer connections than associations',
      dicom({ limits: { connections: 63 } }),
      ['dicom.limits.connections is less than dicom.limits.associations'],
    ],
    [
      'TLS that does not say whether senders show a certificate',
      dicom({
        listen: [
          { port: 2762, tls: { certificate: '/a.crt', key: '/a.key' } },
          { port: 2763, tls: { certificate: '/a.crt', key: '/a.key', client_ca: '/ca.crt', anonymous_clients: true } },
          { port: 2764, tls: { certificate: '/a.crt', key: '/a.key', anonymous_clients: true } },
        ],
      }),
      [
        'dicom.listen[0].tls.client_ca is missing; give the authority of the senders, or say anonymous_clients: true',
        'dicom.listen[1].tls.client_ca asks for certificates that anonymous_clients does not want',
      ],
    ],
    [
      'a transfer syntax that nobody knows',
      dicom({ transfer_syntaxes: ['1.2.840.10008.1.2.4.90', '1.2.3'] }),
      ['dicom.transfer_syntaxes[1] 1.2.3 is no transfer syntax that is taken'],
    ],
    [
      'congestion after the end',
      dicom({ disk: { congestion_watermark: 0.96 } }),
      ['dicom.disk.congestion_watermark must be between dicom.disk.high_watermark and dicom.disk.stop_watermark'],
    ],
    [
      'shares above the whole',
      dicom({ limits: { associations: 4, per_source: 5 } }),
      ['dicom.limits.per_source is more than dicom.limits.associations'],
    ],
    [
      'watermarks upside down',
      dicom({ disk: { high_watermark: 0.95 } }),
      ['dicom.disk.high_watermark must be below dicom.disk.stop_watermark'],
    ],
    [
      'a retention that is shorter than its shortest',
      dicom({ disk: { keep_hours_min: 49 }, retention: { keep_days_max: 2 } }),
      ['dicom.retention.keep_days_max is less than dicom.disk.keep_hours_min'],
    ],
    [
      'retries upside down',
      { destinations: [{ ...pacs, retry: { first_s: 9, most_s: 3 } }] },
      ['destinations[0].retry.first_s is more than retry.most_s'],
    ],
    [
      'a GPU twice',
      { devices: [{ gpu }, { gpu }] },
      [`devices[1].gpu ${gpu} is listed already; give it more workers there`],
    ],
    [
      'a local API that others can reach without TLS',
      { local_api: { host: '0.0.0.0' } },
      ['local_api.tls is missing; 0.0.0.0 can be reached from other machines'],
    ],
    ['a local API that nobody else can reach', { local_api: { host: '127.1.2.3' } }, []],
    [
      'a local API that nobody else can reach in the clear',
      { local_api: { host: '::', tls: { certificate: '/a.crt', key: '/bad.key' } } },
      ['local_api.tls.key /bad.key cannot be read (ENOENT)'],
    ],
    ['STOW-RS for nobody', stow({ sources: [] }), ['local_api.stow.sources is empty; nobody could post anything']],
    [
      'senders of STOW-RS that prove nothing, or cannot',
      stow({
        sources: [
          { name: 'VNA', address: '192.0.2.0/33' },
          { name: 'VNA', address: '192.0.2.1', token_file: '/open', requests: 99 },
          { name: 'VNA', address: '192.0.2.1/32', certificate_name: 'vna' },
        ],
        limits: { requests: 4 },
      }),
      [
        'local_api.stow.sources[0].address 192.0.2.0/33: the prefix must be 0 to 32',
        'local_api.stow.sources[0] needs token_file or certificate_name; an address proves nothing',
        'local_api.stow.sources[1].requests is more than local_api.stow.limits.requests',
        'local_api.stow.sources[2] has the name and the addresses of local_api.stow.sources[1]',
        'local_api.stow.sources[2].certificate_name needs local_api.tls.client_ca',
        'local_api.stow.limits.per_source is more than local_api.stow.limits.requests',
        'local_api.stow.sources[1].token_file /open can be read by others; make its mode 600',
      ],
    ],
    [
      'inference for nobody',
      inference({ programs: [] }),
      ['local_api.inference.programs is empty; nobody could ask for anything'],
    ],
    [
      'programs that prove nothing, or cannot, and bounds that cannot be reached',
      inference({
        programs: [
          { name: 'viewer', address: '192.0.2.1' },
          { name: 'viewer', address: '192.0.2.1/32', token_file: '/open', requests: 99 },
          { name: 'other', address: '192.0.2.0/24', without_proof: true },
          { name: 'here', address: '127.0.0.1', without_proof: true, certificate_name: 'here' },
          { name: 'all', address: '::1/64', without_proof: true },
        ],
        limits: { requests: 4, request_bytes: 1_000_000, bytes: 999_999, answer_s: 3_000_000 },
      }),
      [
        'local_api.inference.programs[0] needs token_file or certificate_name; an address proves nothing',
        'local_api.inference.programs[1] has the name and the addresses of local_api.inference.programs[0]',
        'local_api.inference.programs[1].requests is more than local_api.inference.limits.requests',
        'local_api.inference.programs[3].certificate_name needs local_api.tls.client_ca',
        'local_api.inference.programs[2].without_proof is for programs on this machine; 192.0.2.0/24 is not',
        'local_api.inference.programs[3].without_proof and token_file or certificate_name exclude each other',
        'local_api.inference.programs[4].without_proof is for programs on this machine; ::1/64 is not',
        'local_api.inference.limits.per_program is more than local_api.inference.limits.requests',
        'local_api.inference.limits.json_bytes is more than local_api.inference.limits.request_bytes',
        'local_api.inference.limits.request_bytes is more than local_api.inference.limits.bytes',
        'local_api.inference.limits.answer_s is more than 2147483 s',
        'local_api.inference.programs[1].token_file /open can be read by others; make its mode 600',
      ],
    ],
    [
      'programs that prove what they are, or need not',
      inference({
        programs: [
          { name: 'viewer', address: '192.0.2.1', token_file: '/viewer' },
          { name: 'here', address: '127.0.0.0/8', without_proof: true },
          { name: 'here', address: '::1', without_proof: true },
        ],
      }),
      [],
    ],
    ['a data folder that cannot be written', { data: '/bad' }, ['data /bad cannot be written to (EROFS)']],
    [
      'files that cannot be read',
      {
        hub: { url: 'https://hub', extra_ca: '/bad.crt' },
        destinations: [{ ...pacs, tls: { ca: '/bad-ca.crt', certificate: '/a.crt' } }],
      },
      [
        'hub.extra_ca /bad.crt cannot be read (ENOENT)',
        'destinations[0].tls.ca /bad-ca.crt cannot be read (ENOENT)',
        'destinations[0].tls.key is missing; certificate and key belong together',
      ],
    ],
  ])('find %s', (_name, change, problems) => {
    expect(check(change)).toEqual(problems);
  });
});
