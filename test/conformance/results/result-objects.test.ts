import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { volumeMl } from '@collimator/shared/imaging/measure';
import { buildReport } from '@collimator/edge-agent/study/result/report/report';
import { buildSegmentation } from '@collimator/edge-agent/study/result/image/segmentation';
import { buildStatusReport } from '@collimator/edge-agent/study/result/report/status-report';
import { exampleContext, exampleUids, volumeFinding } from '@collimator/edge-agent/study/result/testing/example-input';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { brightMask, makeTestSeries, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool, srValidator } from './tools.ts';

/** The mask of each segment as pydicom unpacks it, laid back on the slices by their positions. */
const readSegmentation = `
import sys, json, hashlib, pydicom
seg = pydicom.dcmread(sys.argv[1])
slices = [pydicom.dcmread(f, stop_before_pixels=True) for f in sys.argv[2:]]
place = {tuple(float(v) for v in s.ImagePositionPatient): i for i, s in enumerate(slices)}
uids = [s.SOPInstanceUID for s in slices]
size = seg.Rows * seg.Columns
bits = bytes((byte >> i) & 1 for byte in seg.PixelData for i in range(8))
masks = {}
for f, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
    frame = bits[f * size:(f + 1) * size]
    index = place[tuple(float(v) for v in group.PlanePositionSequence[0].ImagePositionPatient)]
    assert group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID == uids[index]
    number = int(group.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
    masks.setdefault(number, bytearray(len(slices) * size))[index * size:(index + 1) * size] = frame
pixels = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
print(json.dumps({
    'voxels': {n: sum(m) for n, m in masks.items()},
    'sha256': {n: hashlib.sha256(m).hexdigest() for n, m in masks.items()},
    'voxel_mm3': float(pixels.PixelSpacing[0] * pixels.PixelSpacing[1] * pixels.SpacingBetweenSlices),
    'frame_of_reference': seg.FrameOfReferenceUID == slices[0].FrameOfReferenceUID,
    'inputs': sorted(i.ReferencedSOPInstanceUID for i in seg.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == sorted(uids),
    'device': seg.DeviceSerialNumber,
    'algorithm': seg.SegmentSequence[0].SegmentAlgorithmName,
}))
`;

const readReport = `
import sys, json, pydicom
sr = pydicom.dcmread(sys.argv[1])
found = []
def walk(items, path):
    for item in items:
        name = item.ConceptNameCodeSequence[0].CodeMeaning if 'ConceptNameCodeSequence' in item else ''
        if item.ValueType == 'NUM': value = float(item.MeasuredValueSequence[0].NumericValue)
        elif item.ValueType == 'CODE': value = item.ConceptCodeSequence[0].CodeValue
        elif item.ValueType == 'TEXT': value = item.TextValue
        elif item.ValueType == 'UIDREF': value = item.UID
        elif item.ValueType == 'IMAGE': value = item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
        else: value = None
        found.append([path + '/' + name, value])
        walk(item.get('ContentSequence', []), path + '/' + name)
walk(sr.ContentSequence, '')
print(json.dumps(found))
`;

type ReadSegmentation = { voxels: Record<string, number>; sha256: Record<string, string>; voxel_mm3: number };

const priorImages = [
  ['2.25.1', '2.25.11', '2.25.111'],
  ['2.25.1', '2.25.11', '2.25.112'],
  ['2.25.2', '2.25.21', '2.25.211'],
].map(([studyInstanceUid = '', seriesInstanceUid = '', sopInstanceUid = '']) => ({
  ...{ studyInstanceUid, seriesInstanceUid, sopInstanceUid },
  ...{ sopClassUid: sopClasses.mrImage, modality: 'MR' },
}));

describe('result objects before their peers', () => {
  let series: TestSeries;
  const path = (name: string): string => join(series.folder, name);
  const context = () => ({
    ...exampleContext(series.subject),
    uids: exampleUids,
    sources: series.volume.slices,
    geometry: series.volume.geometry,
  });

  beforeAll(async () => {
    series = await makeTestSeries();
    const mask = brightMask(series);
    const dark = mask.map((value) => 1 - value);
    const voxels = mask.reduce((sum, value) => sum + value, 0);
    const volume_ml = volumeMl(voxels, series.volume.geometry.spacing_mm);
    const empty = new Uint8Array(mask.length);
    writeFileSync(path('seg.dcm'), buildSegmentation({ ...context(), masks: [{ segment: 1, voxels: mask }] }));
    const two = [
      { segment: 1, voxels: mask },
      { segment: 2, voxels: dark },
    ];
    writeFileSync(path('two.dcm'), buildSegmentation({ ...context(), masks: two }));
    writeFileSync(path('empty.dcm'), buildSegmentation({ ...context(), masks: [{ segment: 1, voxels: empty }] }));
    const findings = [volumeFinding(volume_ml)];
    writeFileSync(path('sr.dcm'), buildReport({ ...context(), segmentationMade: true, findings }));
    writeFileSync(path('sr-alone.dcm'), buildReport({ ...context(), segmentationMade: false, findings }));
    const report = { ...context(), segmentationMade: false, findings };
    writeFileSync(path('no-prior.dcm'), buildReport({ ...report, withoutPriors: 'the archive names none' }));
    writeFileSync(path('prior.dcm'), buildReport({ ...report, priorsUsed: priorImages }));
    for (const outcome of ['no-finding', 'abstained', 'refused', 'failed'] as const)
      writeFileSync(
        path(`${outcome}.dcm`),
        buildStatusReport({ ...context(), outcome, reason: 'slices unevenly spaced' }),
      );
  });
  afterAll(() => series.remove());

  const reports = ['sr', 'sr-alone', 'no-prior', 'prior', 'no-finding', 'abstained', 'refused', 'failed'];

  it.each(['seg', 'two', 'empty', ...reports])('dciodvfy finds no error (%s)', async (name) => {
    expect(await dciodvfy(path(`${name}.dcm`))).toMatchObject({ exit: 0, errors: [] });
  });

  // A validation takes seconds of CPU; the status reports differ in one code and one text.
  it.each(['sr-alone', 'no-prior', 'refused'])('PixelMed finds TID 1500 and no error (%s)', async (name) => {
    const { exit, output } = await srValidator(path(`${name}.dcm`));
    expect(exit).toBe(0);
    expect(output).toContain('Found Root Template TID_1500');
    expect(output).toContain('Root Template Validation Complete');
    expect(output).not.toMatch(/error|warning/i);
  });

  it('both validators see an object that is wrong', async () => {
    const report = readFileSync(path('sr.dcm'));
    // The name of an item becomes one that no template knows, and the value type of the root no value type.
    const broken = Buffer.from(
      report.toString('latin1').replaceAll('112040', '112049').replace('CONTAINER ', 'CONTAINED '),
      'latin1',
    );
    writeFileSync(path('broken.dcm'), broken);
    expect((await dciodvfy(path('broken.dcm'))).errors).not.toEqual([]);
    expect((await srValidator(path('broken.dcm'))).output).toMatch(/error|warning/i);
  });

  it.each(reports)('dsrdump prints it (%s)', async (name) => {
    const { exit, output } = await runTool('dsrdump', [path(`${name}.dcm`)]);
    expect(exit).toBe(0);
    expect(output).toContain('Imaging Measurement Report');
    expect(output).not.toMatch(/^[EW]:/m);
  });

  it('pydicom finds the images of earlier studies that were used, by study and series, and not among those of this one', async () => {
    const evidence = `import sys, json, pydicom
report = pydicom.dcmread(sys.argv[1])
def listed(name):
    return {study.StudyInstanceUID: {series.SeriesInstanceUID: [one.ReferencedSOPInstanceUID for one in series.ReferencedSOPSequence]
        for series in study.ReferencedSeriesSequence} for study in report.get(name, [])}
print(json.dumps([listed('PertinentOtherEvidenceSequence'), list(listed('CurrentRequestedProcedureEvidenceSequence'))]))`;
    const [first] = series.volume.slices;
    expect(await pydicom(evidence, path('prior.dcm'))).toEqual([
      { '2.25.1': { '2.25.11': ['2.25.111', '2.25.112'] }, '2.25.2': { '2.25.21': ['2.25.211'] } },
      [first?.studyInstanceUid],
    ]);
    expect(await pydicom(evidence, path('sr.dcm'))).toEqual([{}, [first?.studyInstanceUid]]);
  });

  it('pydicom gets the mask back from the segmentation, on the right slices', async () => {
    const sha256 = `import sys, hashlib, json\nprint(json.dumps(hashlib.sha256(open(sys.argv[1],'rb').read()).hexdigest()))`;
    const mask = brightMask(series);
    writeFileSync(path('mask.bin'), mask);
    const wanted = await pydicom(sha256, path('mask.bin'));
    const voxels = mask.reduce((sum, value) => sum + value, 0);
    const read = (name: string): Promise<unknown> => pydicom(readSegmentation, path(name), ...series.files.explicit);
    expect(await read('seg.dcm')).toEqual({
      voxels: { 1: voxels },
      sha256: { 1: wanted },
      voxel_mm3: 1,
      frame_of_reference: true,
      inputs: true,
      device: 'edge-0001',
      algorithm: 'brain-mask-t1 1.0.0',
    });
    expect(await read('two.dcm')).toMatchObject({
      voxels: { 1: voxels, 2: mask.length - voxels },
      sha256: { 1: wanted },
    });
    expect(await read('empty.dcm')).toMatchObject({ voxels: { 1: 0 } });
  });

  it('the volume of the report is that of the segmentation, and the report says which model and device', async () => {
    const seg = (await pydicom(readSegmentation, path('seg.dcm'), ...series.files.explicit)) as ReadSegmentation;
    const items = (await pydicom(readReport, path('sr.dcm'))) as [string, unknown][];
    const values = (name: string): unknown[] =>
      items.filter(([item]) => item.endsWith(`/${name}`)).map(([, value]) => value);
    expect(values('Volume')).toEqual([((seg.voxels['1'] as number) * seg.voxel_mm3) / 1000]);
    expect(values('Referenced Segment')).toEqual([exampleUids.seg]);
    expect(values('Source series for segmentation')).toEqual([series.volume.slices[0]?.seriesInstanceUid]);
    expect(values('Image Library Group/')).toEqual(series.volume.slices.map((slice) => slice.sopInstanceUid));
    expect(values('Algorithm Name')).toEqual(['brain-mask-t1']);
    expect(values('Algorithm Version')).toEqual(['1.0.0']);
    expect(values('Algorithm Parameters')).toContain(`Release SHA-256: ${'c'.repeat(64)}`);
    expect(values('Model')).toEqual([expect.stringContaining(`model.onnx SHA-256: ${'a'.repeat(64)}`)]);
    expect(values('Device Observer Serial Number')).toEqual(['edge-0001']);
    expect(values('Comment')).toEqual(['Research use only. Not for diagnosis.']);
  });

  it('a report without a segmentation refers to the images that were measured, and to nothing that was not made', async () => {
    expect(readFileSync(path('sr-alone.dcm')).toString('latin1')).not.toContain(exampleUids.seg);
    const items = (await pydicom(readReport, path('sr-alone.dcm'))) as [string, unknown][];
    const under = (name: string): unknown[] =>
      items.filter(([item]) => item.endsWith(`/Measurement Group/${name}`)).map(([, value]) => value);
    const whole = (await pydicom(readReport, path('sr.dcm'))) as [string, unknown][];
    expect(under('Volume')).toEqual(
      whole.filter(([item]) => item.endsWith('/Measurement Group/Volume')).map(([, value]) => value),
    );
    expect(under('Volume/Source of Measurement')).toEqual(series.volume.slices.map((slice) => slice.sopInstanceUid));
    expect(under('Referenced Segment')).toEqual([]);
  });

  it('a report without a measurement says what happened and why', async () => {
    const items = (await pydicom(readReport, path('refused.dcm'))) as [string, unknown][];
    expect(items).toContainEqual(['/Qualitative Evaluations/Processing outcome', 'refused']);
    expect(items).toContainEqual(['/Qualitative Evaluations/Reason', 'slices unevenly spaced']);
  });
});
