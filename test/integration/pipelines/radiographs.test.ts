import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import type {
  ClassificationStage,
  DetectionStage,
  ReleaseDeclaration,
  Stage,
} from '@collimator/shared/contracts/release';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { must } from '../../conformance/results/series.ts';
import { pydicom, runTool } from '../../conformance/results/tools.ts';
import { radiograph } from '../../peers/radiographs.ts';
import { radiographDetection, readExample } from './example-models.ts';
import { type ExampleWorld, openExampleWorld, runOver } from './example-world.ts';

let world: ExampleWorld;
let [chest, compressed, limb] = ['', '', ''];
beforeAll(async () => {
  world = await openExampleWorld();
  chest = await radiograph('RG1_UNCR');
  compressed = await radiograph('RG1_J2KR');
  limb = await radiograph('RG3_UNCR');
});
afterAll(() => world.close());

/** A copy with some elements changed, by dcmtk. */
async function changed(file: string, name: string, ...changes: readonly string[]): Promise<string> {
  const copy = join(world.folder, `${name}.dcm`);
  await copyFile(file, copy);
  const { exit, output } = await runTool('dcmodify', ['-nb', ...changes.flatMap((one) => ['-i', one]), copy]);
  if (exit !== 0) throw new Error(output);
  return copy;
}

/** Said to be of the series of the chest, as a second projection of it would be. */
async function ofTheChest(file: string, name: string, number: number): Promise<string> {
  const tags = ['PatientID', 'StudyInstanceUID', 'SeriesInstanceUID'];
  const read = `
import sys, json, pydicom
ds = pydicom.dcmread(sys.argv[1], stop_before_pixels=True)
print(json.dumps([str(ds.get(tag, '')) for tag in sys.argv[2:]]))
`;
  const values = (await pydicom(read, chest, ...tags)) as string[];
  return changed(file, name, ...tags.map((tag, i) => `${tag}=${values[i]}`), `InstanceNumber=${number}`);
}

async function run(declared: ReleaseDeclaration, files: readonly string[]) {
  const loaded = await world.load(declared);
  const asked = world.job(loaded, { files });
  const inferred = await runOver([await world.worker(loaded)], asked);
  const paths = (object: string): readonly string[] =>
    inferred.objects.filter((one) => one.object === object).map(({ file }) => join(asked.job.outFolder, file));
  return { inferred, paths };
}

async function plan(declared: ReleaseDeclaration, files: readonly string[]) {
  const loaded = await world.load(declared);
  const { job, ref } = world.job(loaded, { files });
  return (await world.worker(loaded)).plan(job, ref);
}

/** What a report says of its groups: numbers with their unit, and the region with the image it lies on. */
const readGroups = `
import sys, json, pydicom
ds = pydicom.dcmread(sys.argv[1])
groups, library = [], []
def walk(item, group):
    name = item.ConceptNameCodeSequence[0].CodeMeaning if 'ConceptNameCodeSequence' in item else ''
    if name == 'Measurement Group':
        group = {'values': [], 'regions': []}
        groups.append(group)
    if item.ValueType == 'IMAGE' and group is None:
        library.append(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    if item.ValueType == 'NUM':
        value = item.MeasuredValueSequence[0]
        group['values'].append([name, float(value.NumericValue), value.MeasurementUnitsCodeSequence[0].CodeValue])
    if item.ValueType in ('SCOORD', 'SCOORD3D'):
        group['regions'].append({'type': item.ValueType, 'data': [float(x) for x in item.GraphicData],
            'of': item.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID if 'ContentSequence' in item else ''})
    for child in item.get('ContentSequence', []):
        walk(child, group)
for item in ds.ContentSequence:
    walk(item, None)
print(json.dumps({'groups': groups, 'library': library, 'patient': str(ds.PatientID), 'study': ds.StudyInstanceUID,
    'frameOfReference': 'FrameOfReferenceUID' in ds}))
`;
type Report = {
  readonly groups: readonly {
    readonly values: readonly (readonly [name: string, value: number, unit: string])[];
    readonly regions: readonly { readonly type: string; readonly data: readonly number[]; readonly of: string }[];
  }[];
  readonly library: readonly string[];
  readonly patient: string;
  readonly study: string;
  readonly frameOfReference: boolean;
};
const readReport = async ([file = '']: readonly string[]): Promise<Report> =>
  (await pydicom(readGroups, file)) as Report;

const uidRoot = '1.3.6.1.4.1.5962.1.1.9.1';
const chestUid = (number: number): string => `${uidRoot}.${number}.20040826185059.5457`;

const detection = radiographDetection();
const named = (name: string, change: (stage: DetectionStage) => DetectionStage = (stage) => stage) => ({
  ...{ ...detection, name },
  stages: detection.stages.map((stage) => change(stage as DetectionStage)),
});

describe('radiographs, which say no place', () => {
  it('are classified one by one, by their numbers, and the report refers to each', async () => {
    const declared = readExample('radiograph');
    const { inferred, paths } = await run(declared, [compressed, chest]);
    expect(inferred.outcome).toBe('measured');
    const { groups, library, ...subject } = await readReport(paths('SR'));
    expect(subject).toEqual({
      patient: '9RG1',
      study: '1.3.6.1.4.1.5962.1.2.9.20040826185059.5457',
      frameOfReference: false,
    });
    expect(library).toEqual([chestUid(1), chestUid(2)]);
    // Worked out here without the runtime: the greatest over the images of what example-models.ts makes of the mean.
    const reader = await createSliceReader();
    const slices = [must(await reader.readSlice(chest)), must(await reader.readSlice(compressed))];
    const { data } = preprocessSeries(slices, (declared.stages[0] as Stage).preprocessing);
    const half = data.length / 2;
    const means = [0, 1].map((i) => data.subarray(i * half, (i + 1) * half).reduce((a, b) => a + b, 0) / half);
    const wanted = Math.max(...means.map((mean) => 1 / (1 + Math.exp(-(1.2 * mean + 1.4) / 1.5))));
    expect(groups[0]?.values[0]?.[1]).toBeCloseTo(wanted, 4);
  });

  it('of several sizes in one series each have boxes in their own pixels, which are never joined', async () => {
    const second = await ofTheChest(limb, 'second', 7);
    const { inferred, paths } = await run(
      named('two-sizes', (stage) => ({ ...stage, keep: { ...stage.keep, findings_max: 40 } })),
      [second, chest],
    );
    expect(inferred.outcome).toBe('measured');
    const { groups, library } = await readReport(paths('SR'));
    expect(library[0]).toBe(chestUid(1));
    const sizes = new Map([
      [library[0] as string, [1955, 1841]],
      [library[1] as string, [1760, 1760]],
    ]);
    const seen = new Set<string>();
    for (const { values, regions } of groups) {
      const [region] = regions as [Report['groups'][number]['regions'][number]];
      const [rows = 0, columns = 0] = sizes.get(region.of) ?? [];
      seen.add(region.of);
      expect(region.type).toBe('SCOORD');
      const [across, down] = [0, 1].map((axis) => region.data.filter((_, i) => i % 2 === axis)) as [number[], number[]];
      // The network gives boxes of a quarter by 0.3 around the cells of a grid, cut off at the edges of the image.
      expect(across.every((x) => [0, 0.25, 0.5, 0.75, 1].some((share) => Math.abs(x - share * columns) < 0.01))).toBe(
        true,
      );
      expect(down.every((y) => y >= 0 && y <= rows)).toBe(true);
      const width = values.find(([name]) => name === 'Width');
      expect(width?.[1]).toBeCloseTo(columns / 4, 1);
      expect(width?.[2]).toBe('{pixels}');
      const height = values.find(([name]) => name === 'Height');
      expect([0.275, 0.3].some((share) => Math.abs((height?.[1] ?? 0) - share * rows) < 0.05)).toBe(true);
    }
    expect([...seen].sort()).toEqual([...library].sort());
    const areas = (await pydicom(
      'import sys, json, pydicom\n' +
        'ds = pydicom.dcmread(sys.argv[1])\n' +
        'print(json.dumps([[int(x) for x in a.DisplayedAreaBottomRightHandCorner] for a in ds.DisplayedAreaSelectionSequence]))',
      paths('GSPS')[0] ?? '',
    )) as number[][];
    expect(areas).toEqual([
      [1841, 1955],
      [1760, 1760],
    ]);
  });

  it('are measured in mm where a spacing was calibrated, and only there', async () => {
    const spacing = 'PixelSpacing=0.2\\0.1';
    const widths = async (file: string): Promise<readonly (readonly [number, string])[]> => {
      const { groups } = await readReport((await run(named('lengths'), [file])).paths('SR'));
      return groups.map(({ values }) => {
        const [, value, unit] = values.find(([name]) => name === 'Width') as [string, number, string];
        return [value, unit];
      });
    };
    const pixels = 1841 / 4;
    for (const [value, unit] of await widths(await changed(chest, 'unsaid', spacing))) {
      expect(value).toBeCloseTo(pixels, 1);
      expect(unit).toBe('{pixels}');
    }
    for (const [value, unit] of await widths(
      await changed(chest, 'calibrated', spacing, 'PixelSpacingCalibrationType=FIDUCIAL'),
    )) {
      expect(value).toBeCloseTo(pixels * 0.1, 2);
      expect(unit).toBe('mm');
    }
  });

  it('have no coordinates in space, whatever report is asked for, and are drawn on as they are stored', async () => {
    const loaded = await world.load(named('in-space'));
    const { job, ref } = world.job(loaded, { files: [chest] });
    const asked = { job: { ...job, style: { ...job.style, report: 'comprehensive-3d' as const } }, ref };
    const inferred = await runOver([await world.worker(loaded)], asked);
    const file = (object: string): string =>
      join(job.outFolder, inferred.objects.find((one) => one.object === object)?.file ?? '');
    const { groups, frameOfReference } = await readReport([file('SR')]);
    expect(new Set(groups.flatMap(({ regions }) => regions.map(({ type }) => type)))).toEqual(new Set(['SCOORD']));
    expect(frameOfReference).toBe(false);
    const shown = (await pydicom(
      'import sys, json, pydicom\n' +
        'ds = pydicom.dcmread(sys.argv[1])\n' +
        'voi = ds.SoftcopyVOILUTSequence[0]\n' +
        'print(json.dumps([float(voi.WindowCenter), float(voi.WindowWidth), ds.PresentationLUTShape]))',
      file('GSPS'),
    )) as unknown[];
    expect(shown).toEqual([15_000, 30_000, 'INVERSE']);
  });
});

describe('radiographs of several kinds', () => {
  it('that are MONOCHROME1 and MONOCHROME2 are not turned over by one presentation state', async () => {
    const second = await ofTheChest(limb, 'second', 7);
    const bright = await changed(second, 'bright', 'PhotometricInterpretation=MONOCHROME2');
    const all = named('two-kinds', (stage) => ({
      ...stage,
      keep: { ...stage.keep, score_min: 0.2, findings_max: 64 },
    }));
    const { paths } = await run(all, [chest, bright]);
    const states = (await pydicom(
      'import sys, json, pydicom\n' +
        'read = [pydicom.dcmread(file) for file in sys.argv[1:]]\n' +
        'print(json.dumps([[ds.PresentationLUTShape, len(ds.ReferencedSeriesSequence[0].ReferencedImageSequence),\n' +
        '    int(ds.InstanceNumber)] for ds in read]))',
      ...paths('GSPS'),
    )) as unknown[];
    expect(states).toEqual([
      ['INVERSE', 1, 1],
      ['IDENTITY', 1, 2],
    ]);
    for (const state of paths('GSPS')) expect((await runTool('dcmpschk', ['-v', state])).output).not.toMatch(/^E:/m);
  });

  it('are handed on by a first stage where its class is present', async () => {
    const second = await ofTheChest(limb, 'second', 7);
    const [classify] = readExample('radiograph').stages as [ClassificationStage];
    const reader = await createSliceReader();
    const probabilities: number[] = [];
    for (const file of [chest, second]) {
      const { data } = preprocessSeries([must(await reader.readSlice(file))], classify.preprocessing);
      const mean = data.reduce((a, b) => a + b, 0) / data.length;
      probabilities.push(1 / (1 + Math.exp(-(1.2 * mean + 1.4) / 1.5)));
    }
    const [ofChest = 0, ofLimb = 0] = probabilities;
    expect(Math.abs(ofChest - ofLimb)).toBeGreaterThan(0.001);
    const between = (ofChest + ofLimb) / 2;
    const first: ClassificationStage = {
      ...classify,
      labels: classify.labels.map((label) => ({ ...label, absent_below: 0, present_from: between })),
      selection: { select: 'slices', label: 'Pneumothorax', margin_mm: 0, none: 'no-finding' },
    };
    const declared = named('handed-on', (stage) => ({ ...stage, keep: { ...stage.keep, findings_max: 40 } }));
    const { paths } = await run({ ...declared, stages: [first, ...declared.stages] }, [chest, second]);
    const { groups, library } = await readReport(paths('SR'));
    const looked = new Set(groups.flatMap(({ regions }) => regions.map((region) => region.of)));
    expect([...looked]).toEqual([ofChest > ofLimb ? library[0] : library[1]]);
  });
});

describe('what is refused of them', () => {
  it.each([
    ['segmentation-2d', 'stage segment marks voxels'],
    ['segmentation-3d', 'stage segment takes volumes'],
    ['regression', 'takes volumes'],
    ['slices-then-detection', 'stage select selects slices by their distance'],
  ] as const)('whatever needs a volume, and why: %s', async (name, why) => {
    expect(await plan(readExample(name), [chest])).toMatchObject({
      ok: false,
      error: { code: 'series-without-geometry', detail: expect.stringContaining(why) as string },
    });
  });

  it('a series of which some images say where they lie, and some do not', async () => {
    const [slice = ''] = world.files;
    const placed = await ofTheChest(slice, 'placed', 2);
    expect(await plan(readExample('radiograph'), [chest, placed])).toMatchObject({
      ok: false,
      error: { code: 'series-without-geometry', detail: '1 of 2 slices' },
    });
  });

  it.each(['PatientID=somebody else', 'StudyInstanceUID=2.25.9', 'SeriesInstanceUID=2.25.9', 'IssuerOfPatientID=B'])(
    'images that are not of one patient, study and series: %s',
    async (change) => {
      const other = await changed(compressed, 'other', change);
      expect(await plan(readExample('radiograph'), [chest, other])).toMatchObject({
        ok: false,
        error: { code: 'series-mixed' },
      });
    },
  );
});
