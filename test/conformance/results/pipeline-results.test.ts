import { join } from 'node:path';
import type { WorkerJob } from '@collimator/edge-agent/study/infer/protocol';
import type { ReleaseDeclaration } from '@collimator/shared/contracts/release';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExampleName, radiographDetection, readExample } from '../../integration/pipelines/example-models.ts';
import { type ExampleWorld, openExampleWorld, runOver } from '../../integration/pipelines/example-world.ts';
import { dciodvfy, pydicom, runTool, srValidator } from './tools.ts';

/** Every number and code of a report, with the names of the items above it. */
const readItems = `
import sys, json, pydicom
found = []
def walk(items, path):
    for item in items:
        name = item.ConceptNameCodeSequence[0].CodeMeaning if 'ConceptNameCodeSequence' in item else ''
        if item.ValueType == 'NUM':
            value = item.MeasuredValueSequence[0]
            found.append([path + '/' + name, float(value.NumericValue), value.MeasurementUnitsCodeSequence[0].CodeValue])
        if item.ValueType == 'CODE':
            found.append([path + '/' + name, item.ConceptCodeSequence[0].CodeMeaning, ''])
        walk(item.get('ContentSequence', []), path + '/' + name)
walk(pydicom.dcmread(sys.argv[1]).ContentSequence, '')
print(json.dumps(found))
`;
type Item = [path: string, value: number | string, unit: string];

const reports = [
  ...['classification', 'detection', 'detection-3d', 'regression'],
  ...['radiograph', 'radiograph-detection', 'radiograph-detection-3d'],
];

describe('the results of every task before their peers', () => {
  let world: ExampleWorld;
  const files = new Map<string, string>();
  const path = (name: string): string => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`${name} was not made`);
    return file;
  };

  async function make(
    example: ExampleName | ReleaseDeclaration,
    kind: WorkerJob['style']['report'],
    name: string,
    more: Partial<WorkerJob> = {},
  ): Promise<void> {
    const declared = typeof example === 'string' ? readExample(example) : example;
    // One finding: a validation takes seconds of CPU for each group.
    const stages = declared.stages.map((stage) =>
      stage.task === 'detection' ? { ...stage, keep: { ...stage.keep, findings_max: 1 } } : stage,
    );
    const loaded = await world.load({ ...declared, stages });
    const { job, ref } = world.job(loaded, more);
    const asked = { job: { ...job, style: { ...job.style, report: kind } }, ref };
    const inferred = await runOver([await world.worker(loaded)], asked);
    for (const { object, file } of inferred.objects) files.set(`${name} ${object}`, join(job.outFolder, file));
  }

  beforeAll(async () => {
    world = await openExampleWorld();
    await make('classification', 'comprehensive', 'classification');
    await make('detection', 'comprehensive', 'detection');
    await make('detection', 'comprehensive-3d', 'detection-3d');
    await make('regression', 'comprehensive', 'regression');
    await make('segmentation-2d', 'comprehensive', 'segmentation-2d');
    await make('segmentation-3d', 'comprehensive', 'segmentation-3d');
    const radiographs = { files: world.radiographs };
    await make('radiograph', 'comprehensive', 'radiograph', radiographs);
    await make(radiographDetection(), 'comprehensive', 'radiograph-detection', radiographs);
    await make(radiographDetection(), 'comprehensive-3d', 'radiograph-detection-3d', radiographs);
  });
  afterAll(() => world.close());

  it.each([
    ...['classification SR', 'classification SC', 'detection SR', 'detection SC', 'detection GSPS', 'detection-3d SR'],
    ...['regression SR', 'segmentation-2d SEG', 'segmentation-2d SR', 'segmentation-3d SEG', 'segmentation-3d SR'],
    ...['radiograph SR', 'radiograph SC', 'radiograph-detection SR', 'radiograph-detection SC'],
    ...['radiograph-detection GSPS', 'radiograph-detection-3d SR'],
  ])('dciodvfy finds no error (%s)', async (name) => {
    expect(await dciodvfy(path(name))).toMatchObject({ exit: 0, errors: [] });
  });

  it.each(reports)('PixelMed finds TID 1500 and no error (%s)', async (name) => {
    const { exit, output } = await srValidator(path(`${name} SR`));
    expect(exit).toBe(0);
    expect(output).toContain('Found Root Template TID_1500');
    expect(output).toContain('Root Template Validation Complete');
    expect(output).not.toMatch(/error|warning/i);
  });

  it.each(reports)('dsrdump prints it (%s)', async (name) => {
    const { exit, output } = await runTool('dsrdump', [path(`${name} SR`)]);
    expect(exit).toBe(0);
    expect(output).not.toMatch(/^[EW]:/m);
  });

  it.each(['detection', 'radiograph-detection'])(
    'dcmpschk finds nothing wrong with the boxes that are drawn (%s)',
    async (name) => {
      const { exit, output } = await runTool('dcmpschk', ['-v', path(`${name} GSPS`)]);
      expect(exit).toBe(0);
      expect(output).not.toMatch(/^E:/m);
    },
  );

  it('pydicom reads the codes and numbers', async () => {
    const items = async (name: string): Promise<Item[]> => (await pydicom(readItems, path(`${name} SR`))) as Item[];
    const group = '/Imaging Measurements/Measurement Group';
    const classification = await items('classification');
    const probability = classification.find(([name]) => name === `${group}/Probability by the algorithm`);
    expect(probability?.[1]).toBeGreaterThanOrEqual(0.6);
    expect(probability?.[1]).toBeLessThanOrEqual(1);
    expect(probability?.[2]).toBe('1');
    // The second class does not report its probability, only what is said of it.
    expect(classification.filter(([name]) => name.endsWith('Probability by the algorithm'))).toHaveLength(1);
    expect(classification).toContainEqual(['/Qualitative Evaluations/Hemorrhage', 'Present', '']);
    expect(classification.some(([name]) => name === '/Qualitative Evaluations/Mass')).toBe(true);
    const detection = await items('detection');
    const score = detection.find(([name]) => name === `${group}/Detection score`);
    expect(score?.[1]).toBeGreaterThanOrEqual(0.6);
    expect(score?.[1]).toBeLessThanOrEqual(1);
    expect(detection.filter(([name]) => name === `${group}/Width` || name === `${group}/Height`)).toHaveLength(2);
    expect(detection).toContainEqual([`${group}/Finding`, 'Nodule', '']);
    const boxes = await items('radiograph-detection');
    expect(boxes.filter(([name]) => name === `${group}/Width`).map(([, , unit]) => unit)).toEqual(['{pixels}']);
    expect(await items('radiograph')).toContainEqual(['/Qualitative Evaluations/Pneumothorax', 'Present', '']);
    const regression = await items('regression');
    const age = regression.find(([name]) => name === `${group}/Age`);
    expect(age?.[2]).toBe('a');
    expect(age?.[1]).toBeGreaterThan(5);
  });
});
