import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildStatusReport } from '@collimator/edge-agent/study/result/report/status-report';
import type { RemoteOrigin } from '@collimator/edge-agent/study/result/result-context';
import { exampleContext, exampleUids } from '@collimator/edge-agent/study/result/testing/example-input';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeResults } from './example-results.ts';
import { makeTestSeries, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool, srValidator } from './tools.ts';

const origin = (attested: boolean): RemoteOrigin => ({
  ...{ protocol: 'kserve-v2', server: 'models.example.org:8000', attested },
  ...{ model: `bright_${'x'.repeat(100)}`, version: '7' },
});
const attestations = {
  attested: [origin(true)],
  // One is enough; and more of them than are told of by name.
  unattested: [origin(true), ...Array.from({ length: 20 }, () => origin(false))],
};
const kinds = ['seg', 'probability', 'sr', 'sr-3d', 'sc', 'gsps', 'pm'] as const;
type Kind = keyof typeof attestations;

/** What an object says of the model, wherever it says it. */
const read = `
import sys, json, pydicom
found = {}
for file in sys.argv[1:]:
    ds = pydicom.dcmread(file)
    made = {'software': list(ds.SoftwareVersions), 'contribution': ds.ContributingEquipmentSequence[0].ContributionDescription}
    if 'SegmentSequence' in ds:
        segment = ds.SegmentSequence[0]
        algorithm = segment.SegmentationAlgorithmIdentificationSequence[0]
        made['algorithm'] = [segment.SegmentAlgorithmName, algorithm.AlgorithmName, algorithm.AlgorithmVersion, algorithm.AlgorithmParameters]
    items = []
    def walk(sequence):
        for item in sequence:
            name = item.ConceptNameCodeSequence[0].CodeMeaning if 'ConceptNameCodeSequence' in item else ''
            if item.ValueType == 'TEXT': items.append([name, item.TextValue])
            if item.ValueType == 'CODE': items.append([name, item.ConceptCodeSequence[0].CodeValue])
            walk(item.get('ContentSequence', []))
    walk(ds.get('ContentSequence', []))
    made['items'] = items
    found[file] = made
print(json.dumps(found))
`;
type Said = { software: string[]; contribution: string; algorithm?: string[]; items: [string, string][] };

describe('results of a remote model before their validators', () => {
  let series: TestSeries;
  const paths = {} as Record<Kind, Record<string, string>>;

  beforeAll(async () => {
    series = await makeTestSeries();
    for (const kind of ['attested', 'unattested'] as const) {
      const remote = attestations[kind];
      paths[kind] = { ...(await writeResults(series, series.subject, `${kind}-`, { remote })).paths };
      const status = join(series.folder, `${kind}-status.dcm`);
      writeFileSync(
        status,
        buildStatusReport({
          ...{ ...exampleContext(series.subject), uids: exampleUids, sources: series.volume.slices, remote },
          ...{ outcome: 'no-finding', reason: 'Nothing was marked' },
        }),
      );
      paths[kind]['status'] = status;
    }
  });
  afterAll(() => series.remove());

  it.each(kinds.flatMap((name) => [['attested', name] as const, ['unattested', name] as const]))(
    'dciodvfy finds no error (%s %s)',
    async (kind, name) => {
      expect(await dciodvfy(paths[kind][name] as string)).toMatchObject({ exit: 0, errors: [] });
    },
  );

  it.each([
    ['unattested', 'whole'],
    ['attested', 'status'],
  ] as const)('PixelMed finds TID 1500 and no error (%s %s)', async (kind, name) => {
    const { exit, output } = await srValidator(paths[kind][name] as string);
    expect(exit).toBe(0);
    expect(output).toContain('Root Template Validation Complete');
    expect(output).not.toMatch(/error|warning/i);
  });

  it('dcmpschk finds nothing wrong with the presentation state', async () => {
    const { exit, output } = await runTool('dcmpschk', ['-v', paths.unattested['gsps'] as string]);
    expect([exit, /Test passed/.test(output)]).toEqual([0, true]);
  });

  async function said(kind: Kind): Promise<readonly Said[]> {
    const files = [...kinds, 'status'].map((name) => paths[kind][name] as string);
    return Object.values((await pydicom(read, ...files)) as Record<string, Said>);
  }
  const reportsOf = (all: readonly Said[]): readonly Said[] => {
    const reports = all.filter(({ items }) => items.length > 0);
    expect(reports).toHaveLength(3);
    return reports;
  };
  const everything = (one: Said): string => JSON.stringify(one);
  const digests = [
    exampleContext().releaseSha256,
    ...Object.values(exampleContext().release.files).map((f) => f.sha256),
  ];

  it('name release, digests and server where every model was attested', async () => {
    for (const one of await said('attested')) {
      expect(one.software.at(-1)).toBe('brain-mask-t1 1.0.0');
      expect(one.contribution).toContain(`Release SHA-256: ${exampleContext().releaseSha256}`);
      expect(one.contribution).toContain('7 at models.example.org:8000 (kserve-v2)');
      expect(everything(one)).not.toContain('not attested');
    }
    for (const one of reportsOf(await said('attested')))
      expect(one.items).toContainEqual(['Attestation of the remote model', 'attested']);
  });

  it('name no digest of the release where one was not, and say so in every object', async () => {
    for (const one of await said('unattested')) {
      for (const digest of digests) expect(everything(one)).not.toContain(digest);
      expect(one.software.at(-1)).toMatch(/^bright_x+$/);
      expect(one.contribution).toContain('could not be attested to be brain-mask-t1 1.0.0');
      expect(one.contribution).toContain('models.example.org:8000 (kserve-v2), not attested');
    }
    const all = await said('unattested');
    const algorithms = all.flatMap(({ algorithm }) => (algorithm === undefined ? [] : [algorithm]));
    expect(algorithms).toHaveLength(2);
    for (const [, name, version, parameters] of algorithms) {
      expect([name, version]).toEqual([expect.stringMatching(/^bright_x+$/), '7 not attested']);
      expect(parameters).toContain('Remote models besides: 13');
    }
    for (const { items } of reportsOf(all)) {
      expect(items).toContainEqual(['Attestation of the remote model', 'not-attested']);
      for (const [, version] of items.filter(([name]) => name === 'Algorithm Version'))
        expect(version).toBe('7 not attested');
    }
  });
});
