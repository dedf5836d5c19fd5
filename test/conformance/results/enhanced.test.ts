import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadRelease, WorkerJob } from '@collimator/edge-agent/study/infer/protocol';
import { type InferenceChild, startInferenceChild } from '@collimator/edge-agent/study/infer/inference-child';
import { createSliceReader, type SliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import { assembleVolume } from '@collimator/edge-agent/study/decode/volume';
import { systemAfter } from '@collimator/edge-agent/timers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRelease } from '../../integration/study-way/release-folder.ts';
import { cpuDevice, runWholeJob, toLoad } from '../../integration/study-way/run-whole-job.ts';
import { enhancedOf } from './converted.ts';
import { makeTestSeries, must, type TestSeries } from './series.ts';
import { dciodvfy, pydicom, runTool } from './tools.ts';

/** Of each frame of a segmentation: its place, and the place of the frame of the source that it refers to. */
const places = `
import sys, json, pydicom
seg, source = pydicom.dcmread(sys.argv[1]), pydicom.dcmread(sys.argv[2])
place = lambda groups: [float(v) for v in groups.PlanePositionSequence[0].ImagePositionPatient]
def of(frame):
    ref = frame.DerivationImageSequence[0].SourceImageSequence[0]
    assert ref.ReferencedSOPInstanceUID == source.SOPInstanceUID
    return [place(frame), place(source.PerFrameFunctionalGroupsSequence[int(ref.ReferencedFrameNumber) - 1])]
listed = [i.ReferencedSOPInstanceUID for s in seg.ReferencedSeriesSequence for i in s.ReferencedInstanceSequence]
print(json.dumps({'frames': [of(f) for f in seg.PerFrameFunctionalGroupsSequence], 'listed': len(listed)}))
`;

const maskDigest = `
import sys, json, hashlib, pydicom
print(json.dumps(hashlib.sha256(pydicom.dcmread(sys.argv[1]).PixelData).hexdigest()))
`;

describe('an enhanced image that PixelMed made of the series', () => {
  let series: TestSeries;
  let reader: SliceReader;
  let enhanced: string;
  let child: InferenceChild;
  let release: LoadRelease;

  beforeAll(async () => {
    series = await makeTestSeries();
    reader = await createSliceReader();
    const written = await enhancedOf(series.files.explicit, join(series.folder, 'enhanced'));
    if (written.length !== 1) throw new Error(`${written.length} images`);
    [enhanced] = written as [string];
    release = toLoad(await writeRelease(join(series.folder, 'release'), '1.0.0'));
    const device = { ...cpuDevice, decodeThreads: 2 };
    child = startInferenceChild({ device, releases: [release], after: systemAfter });
    await child.ready;
  });
  afterAll(async () => {
    child.kill();
    await child.ended;
    series.remove();
  });

  it('has the geometry and the pixels of the series, frame by frame', async () => {
    const headers = must(await reader.readHeaders(enhanced));
    const volume = must(assembleVolume(headers));
    expect(volume.geometry).toEqual(series.volume.geometry);
    const file = must(await reader.openSlices(enhanced));
    for (const [i, index] of volume.order.entries()) {
      const slice = must(await file.slice(index));
      expect(slice.header.frame).toEqual({ number: index + 1, of: headers.length });
      expect(slice.pixels).toEqual(series.slices[i]?.pixels);
    }
    await file.close();
  });

  it.each(['+te', '+tb', '+ti', 'rle'])('is the same headers and pixels after dcmtk (%s)', async (syntax) => {
    const out = join(series.folder, `enhanced${syntax}.dcm`);
    const [program, ...options] = syntax === 'rle' ? ['dcmcrle'] : ['dcmconv', syntax];
    expect(await runTool(program, [...options, enhanced, out])).toMatchObject({ exit: 0 });
    const plain = must(await reader.readHeaders(enhanced));
    const converted = must(await reader.readHeaders(out));
    const alike = { transferSyntaxUid: '' };
    expect(converted.map((header) => ({ ...header, ...alike }))).toEqual(
      plain.map((header) => ({ ...header, ...alike })),
    );
    expect(must(await reader.readSlice(out, 5)).pixels).toEqual(must(await reader.readSlice(enhanced, 5)).pixels);
  });

  async function segmented(name: string, files: readonly string[]): Promise<readonly string[]> {
    const job: WorkerJob = {
      jobId: 1,
      releaseSha256: release.sha256,
      files,
      outFolder: join(series.folder, name),
      objects: ['SEG', 'SR'],
      style: {
        report: 'comprehensive',
        segmentation: 'binary',
        keyImages: { most: 1 },
        outcomes: { 'no-finding': true, abstained: true },
      },
      uids: { seg: '2.25.201', segSeries: '2.25.202', sr: '2.25.203', srSeries: '2.25.204' },
      identity: { deviceSerial: 'edge-0001', agentVersion: '0.1.0', at_ms: 0 },
    };
    const answer = await runWholeJob(child, job, 60_000);
    if (answer.how !== 'inferred') throw new Error(`${answer.code}: ${answer.detail}`);
    expect(answer.inferred.maskVoxels).toBeGreaterThan(0);
    return answer.inferred.objects.map(({ file }) => join(job.outFolder, file));
  }

  it('gives the same mask as the series, and a segmentation whose frames refer to the frames they lie on', async () => {
    const [seg, sr] = (await segmented('of-enhanced', [enhanced])) as [string, string];
    const [classicSeg] = (await segmented('of-classic', series.files.explicit)) as [string];
    expect(await pydicom(maskDigest, seg)).toEqual(await pydicom(maskDigest, classicSeg));
    for (const file of [seg, sr]) expect(await dciodvfy(file)).toMatchObject({ exit: 0, errors: [] });
    const { frames, listed } = (await pydicom(places, seg, enhanced)) as {
      frames: [unknown, unknown][];
      listed: number;
    };
    expect(frames.length).toBeGreaterThan(0);
    for (const [own, source] of frames) expect(own).toEqual(source);
    expect(listed).toBe(1);
    // The whole image was used, so the report names it once, without frames.
    expect(readFileSync(sr).includes(Buffer.from([0x08, 0x00, 0x60, 0x11]))).toBe(false);
  });

  it('beside the series it was made of is refused: nothing says which of the two is meant', async () => {
    const both = [...series.volume.slices, ...must(await reader.readHeaders(enhanced))];
    expect(assembleVolume(both)).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^series-/) } });
  });
});
