import { mkdir, writeFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../free-ports.ts';
import { applianceTitle } from '../../integration/agent/appliance.ts';
import { type Finished, type Peer, readPart10, run, startListener } from '../dimse/peers.ts';
import { type AgentWorld, partsBelow, source, startAgentWorld } from './agent-world.ts';
import { type Original, withNewUid } from './originals.ts';

/** Every option of storescu that proposes a transfer syntax, the syntax, and where an object in it comes from. */
const proposals: readonly [option: string, syntax: string, from: Original][] = [
  ['--propose-uncompr', '1.2.840.10008.1.2.1', 'CT_small.dcm'],
  ['--propose-little', '1.2.840.10008.1.2.1', 'MR_small.dcm'],
  ['--propose-big', '1.2.840.10008.1.2.2', 'MR_small_bigendian.dcm'],
  ['--propose-implicit', '1.2.840.10008.1.2', 'rtplan.dcm'],
  ['--propose-lossless', '1.2.840.10008.1.2.4.70', 'SC_rgb_jpeg_gdcm.dcm'],
  ['--propose-jpeg8', '1.2.840.10008.1.2.4.50', 'SC_rgb_jpeg_dcmtk.dcm'],
  ['--propose-jpeg12', '1.2.840.10008.1.2.4.51', 'JPEG-lossy.dcm'],
  ['--propose-j2k-lossless', '1.2.840.10008.1.2.4.90', 'MR_small_jp2klossless.dcm'],
  ['--propose-j2k-lossy', '1.2.840.10008.1.2.4.91', 'JPEG2000.dcm'],
  ['--propose-jls-lossless', '1.2.840.10008.1.2.4.80', 'MR_small_jpeg_ls_lossless.dcm'],
  ['--propose-jls-lossy', '1.2.840.10008.1.2.4.81', ['dcmcjpls', '--encode-nearlossless', 'SC_rgb_small_odd.dcm']],
  ['--propose-mpeg2', '1.2.840.10008.1.2.4.100', 'made stream'],
  ['--propose-mpeg2-high', '1.2.840.10008.1.2.4.101', 'made stream'],
  ['--propose-mpeg4', '1.2.840.10008.1.2.4.102', 'made stream'],
  ['--propose-mpeg4-bd', '1.2.840.10008.1.2.4.103', 'made stream'],
  ['--propose-mpeg4-2-2d', '1.2.840.10008.1.2.4.104', 'made stream'],
  ['--propose-mpeg4-2-3d', '1.2.840.10008.1.2.4.105', 'made stream'],
  ['--propose-mpeg4-2-st', '1.2.840.10008.1.2.4.106', 'made stream'],
  ['--propose-hevc', '1.2.840.10008.1.2.4.107', 'made stream'],
  ['--propose-hevc10', '1.2.840.10008.1.2.4.108', 'made stream'],
  ['--propose-rle', '1.2.840.10008.1.2.5', 'MR_small_RLE.dcm'],
  ['--propose-deflated', '1.2.840.10008.1.2.1.99', 'image_dfl.dcm'],
];

let world: AgentWorld;
let oracle: Peer;
let theirs: string;

beforeAll(async () => {
  world = await startAgentWorld((folder) => {
    writeFileSync(join(folder, 'passcode'), 'a passcode\n');
    return {
      dicom: {
        sources: [
          source('MODALITY'),
          source('KNOWN', { user: { name: 'ct1', passcode_file: join(folder, 'passcode') } }),
          source('NAMED', { user: { name: 'ct1' } }),
        ],
      },
    };
  });
  theirs = join(world.folder, 'theirs');
  await mkdir(theirs);
  const port = await freePort();
  oracle = await startListener('storescp', ['+B', '+xa', '-pdu', '131072', '-od', theirs, `${port}`], port);
});
afterAll(async () => {
  await oracle?.stop();
  await world?.close();
});

const toAgent = (program: string, args: readonly string[], calling = 'MODALITY'): Promise<Finished> => {
  const [options, files] = [args.filter((one) => !one.endsWith('.dcm')), args.filter((one) => one.endsWith('.dcm'))];
  const titles = ['-aet', calling, '-aec', applianceTitle];
  return run(program, ['-v', ...titles, ...options, '127.0.0.1', `${world.agent.dicomPort}`, ...files]);
};
const fresh = (from: Original, syntax?: string): Promise<string> => withNewUid(from, world.folder, syntax);

/** What both have of one instance: the agent in its place, and dcmtk's storescp. */
async function bothOf(sopInstanceUid: string) {
  const ours = (await world.kept()).filter((one) => one.sopInstanceUid === sopInstanceUid);
  const other = (await partsBelow(theirs)).filter((one) => one.sopInstanceUid === sopInstanceUid);
  return { ours, theirs: other.map((one) => ({ ...one, place: 'studies' })) };
}

describe('storescu', () => {
  it.each(proposals)('%s: %s is stored as storescp stores it', async (option, syntax, from) => {
    const file = await fresh(from, syntax);
    const { sopInstanceUid, transferSyntaxUid } = await readPart10(file);
    expect(transferSyntaxUid).toBe(syntax);
    expect(await run('storescu', [option, '127.0.0.1', `${oracle.port}`, file])).toMatchObject({ code: 0 });
    expect(await toAgent('storescu', [option, file])).toMatchObject({ code: 0 });
    const both = await bothOf(sopInstanceUid);
    expect(both.ours).toHaveLength(1);
    expect(both.ours).toEqual(both.theirs);
    expect(both.ours[0]?.transferSyntaxUid).toBe(syntax);
  });

  it.each([
    ['several syntaxes in each context', ['--combine']],
    ['several syntaxes in each context, one of them compressed', ['--combine', '--propose-jls-lossless']],
    ['only the contexts that it needs', ['--required']],
    ['the smallest PDUs to receive', ['--max-pdu', '4096']],
    ['the largest PDUs to receive', ['--max-pdu', '131072']],
    ['the smallest PDUs to send', ['--max-send-pdu', '4096']],
    ['no new value representations', ['--disable-new-vr']],
    ['the strongest deflation', ['--propose-deflated', '--compression-level', '9']],
    ['no stop at a failure', ['--no-halt', '--uid-padding']],
    ['timeouts', ['--socket-timeout', '5', '--acse-timeout', '5', '--dimse-timeout', '5']],
  ])('with %s', async (_, options) => {
    // Who accepts several syntaxes in one context takes the first: only an object that has it can be sent then.
    const compressed = options.includes('--propose-jls-lossless');
    const file = await fresh(compressed ? 'MR_small_jpeg_ls_lossless.dcm' : 'CT_small.dcm');
    const { sopInstanceUid } = await readPart10(file);
    expect(await run('storescu', [...options, '127.0.0.1', `${oracle.port}`, file])).toMatchObject({ code: 0 });
    expect(await toAgent('storescu', [...options, file])).toMatchObject({ code: 0 });
    const both = await bothOf(sopInstanceUid);
    expect(both.ours).toHaveLength(1);
    expect(both.ours).toEqual(both.theirs);
  });

  it('takes its contexts from a configuration file', async () => {
    const config = join(world.folder, 'contexts.cfg');
    await writeFile(
      config,
      [
        '[[TransferSyntaxes]]',
        '[Both]',
        'TransferSyntax1 = LocalEndianExplicit',
        'TransferSyntax2 = LittleEndianImplicit',
        '[[PresentationContexts]]',
        '[Images]',
        'PresentationContext1 = CTImageStorage\\Both',
        'PresentationContext2 = MRImageStorage\\Both',
        '[[Profiles]]',
        '[Default]',
        'PresentationContexts = Images',
        '',
      ].join('\n'),
    );
    const file = await fresh('CT_small.dcm');
    expect(await toAgent('storescu', ['--config-file', config, 'Default', file])).toMatchObject({ code: 0 });
    expect((await bothOf((await readPart10(file)).sopInstanceUid)).ours).toHaveLength(1);
  });

  it('repeats, and each time of an object is a success and stored once', async () => {
    const file = await fresh('CT_small.dcm');
    const { code, output } = await toAgent('storescu', ['--repeat', '5', file]);
    expect(code).toBe(0);
    expect(output.match(/Received Store Response \(Success\)/g)).toHaveLength(5);
    expect((await bothOf((await readPart10(file)).sopInstanceUid)).ours).toHaveLength(1);
  });

  it('invents instances, series, studies and patients', async () => {
    const before = (await world.kept()).length;
    const invent = ['+II', '+IR', '1', '+IS', '1', '+IP', '1', '--repeat', '3'];
    expect(await toAgent('storescu', [...invent, await fresh('CT_small.dcm')])).toMatchObject({ code: 0 });
    expect((await world.kept()).length).toBe(before + 3);
  });

  it('aborts after its objects, which stay', async () => {
    const file = await fresh('CT_small.dcm');
    expect(await toAgent('storescu', ['--abort', file])).toMatchObject({ code: 0 });
    expect((await bothOf((await readPart10(file)).sopInstanceUid)).ours).toHaveLength(1);
    expect(await toAgent('echoscu', [])).toMatchObject({ code: 0 });
  });

  const right = ['--user', 'ct1', '--password', 'a passcode'];
  it.each([
    ['the right passcode', 'KNOWN', [...right], true],
    ['the right passcode, and wants it confirmed', 'KNOWN', [...right, '--pos-response'], true],
    ['the right name, where the name suffices', 'NAMED', ['--user', 'ct1', '--pos-response'], true],
    ['a wrong passcode', 'KNOWN', ['--user', 'ct1', '--password', 'another'], false],
    ['an empty passcode', 'KNOWN', ['--user', 'ct1', '--empty-password'], false],
    ['a name only, where a passcode is wanted', 'KNOWN', ['--user', 'ct1'], false],
    ['another name', 'NAMED', ['--user', 'ct2'], false],
    ['nothing', 'KNOWN', [], false],
    ['a Kerberos ticket, where a passcode is wanted', 'KNOWN', ['--kerberos', 'TOKEN'], false],
    ['a SAML assertion, where a passcode is wanted', 'KNOWN', ['--saml', 'TOKEN'], false],
    ['a JSON web token, where a passcode is wanted', 'KNOWN', ['--jwt', 'TOKEN'], false],
    ['a JSON web token, where nothing is wanted', 'MODALITY', ['--jwt', 'TOKEN'], true],
    ['a name, where nothing is wanted', 'MODALITY', [...right], true],
  ] as const)('says who its user is: %s (%s)', async (_, calling, options, welcome) => {
    const token = join(world.folder, 'token');
    await writeFile(token, 'not really one');
    const file = await fresh('CT_small.dcm');
    const given = options.map((one) => (one === 'TOKEN' ? token : one));
    const { code, output } = await toAgent('storescu', [...given, file], calling);
    expect(code === 0, output).toBe(welcome);
    expect(output.includes('Association Rejected')).toBe(!welcome);
    expect((await bothOf((await readPart10(file)).sopInstanceUid)).ours).toHaveLength(welcome ? 1 : 0);
  });
});

describe('echoscu', () => {
  it.each([
    ['once', [], 1],
    ['many times', ['--repeat', '20'], 20],
    ['over 128 contexts', ['--propose-pc', '128'], 1],
    ['over 128 contexts of 38 syntaxes', ['--propose-pc', '128', '--propose-ts', '38'], 1],
    ['with the smallest PDUs', ['--max-pdu', '4096'], 1],
    ['and aborts', ['--abort'], 1],
  ])('asks %s', async (_, options, answers) => {
    const { code, output } = await toAgent('echoscu', options);
    expect(code, output).toBe(0);
    expect(output.match(/Received Echo Response \(Success\)/g)).toHaveLength(answers);
  });
});
