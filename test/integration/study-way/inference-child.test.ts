import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InferenceChild, startInferenceChild } from '@collimator/edge-agent/study/infer/inference-child';
import type { LoadRelease, WorkerJob } from '@collimator/edge-agent/study/infer/protocol';
import { systemAfter } from '@collimator/edge-agent/timers';
import { writeRelease } from './release-folder.ts';
import { cpuDevice, runWholeJob, toLoad } from './run-whole-job.ts';

let folder: string;
let child: InferenceChild | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-child-'));
});
afterEach(async () => {
  child?.kill();
  await child?.ended;
  await rm(folder, { recursive: true });
});

function start(...releases: readonly LoadRelease[]): InferenceChild {
  child = startInferenceChild({ device: cpuDevice, releases, after: systemAfter });
  return child;
}

async function goodRelease(): Promise<LoadRelease> {
  return toLoad(await writeRelease(join(folder, 'good'), '1.0.0'));
}

const job = (releaseSha256: string, files: readonly string[]): WorkerJob => ({
  jobId: 7,
  releaseSha256,
  files,
  outFolder: join(folder, 'out'),
  objects: ['SEG', 'SR'],
  style: {
    report: 'comprehensive',
    segmentation: 'binary',
    keyImages: { most: 1 },
    outcomes: { 'no-finding': true, abstained: true },
  },
  uids: { seg: '1.1', segSeries: '1.2', sr: '1.3', srSeries: '1.4' },
  identity: { deviceSerial: 'T', agentVersion: '0.0.0', at_ms: 0 },
});

/** The process that was started last. */
async function pidOf(): Promise<number> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
  return Number(children.trim().split(' ').at(-1));
}

describe('an inference process', () => {
  it('warms what can be loaded and says what cannot', async () => {
    const good = await goodRelease();
    const ready = await start(good, { sha256: 'missing', folder: join(folder, 'missing'), memoryBytes: 0 }).ready;
    expect(ready).toMatchObject({
      loaded: [{ sha256: good.sha256, provider: 'cpu', attested: true }],
      unloadable: [{ sha256: 'missing' }],
    });
    expect(ready.unloadable[0]?.code).toBe('inference-model-unloadable');
  });

  it.each(['release.json', 'model.onnx'])('does not load a release whose %s was changed on the disk', async (file) => {
    const good = await goodRelease();
    await appendFile(join(good.folder, file), '\n');
    const ready = await start(good).ready;
    expect(ready).toMatchObject({ loaded: [], unloadable: [{ code: 'inference-release-altered' }] });
    expect(ready.unloadable[0]?.detail).toContain(file);
  });

  it('says that input is unusable, and takes the next job', async () => {
    const good = await goodRelease();
    const one = start(good);
    await one.ready;
    const none = { how: 'permanent', code: 'series-empty' };
    expect(await runWholeJob(one, job(good.sha256, []), 10_000)).toMatchObject(none);
    const unreadable = { how: 'permanent', code: 'image-unreadable' };
    expect(await runWholeJob(one, job(good.sha256, [join(folder, 'nothing.dcm')]), 10_000)).toMatchObject(unreadable);
    expect(await runWholeJob(one, job(good.sha256, []), 10_000)).toMatchObject(none);
  });

  it('that is stuck is ended, and its job comes back', async () => {
    const good = await goodRelease();
    const one = start(good);
    await one.ready;
    process.kill(await pidOf(), 'SIGSTOP');
    expect(await runWholeJob(one, job(good.sha256, []), 200)).toMatchObject({ how: 'stuck' });
    expect(await one.ended).toBe('SIGKILL');
  });

  it('that dies while it runs is an answer, not a hang', async () => {
    const good = await goodRelease();
    const one = start(good);
    await one.ready;
    const pid = await pidOf();
    process.kill(pid, 'SIGSTOP');
    const answer = runWholeJob(one, job(good.sha256, []), 60_000);
    process.kill(pid, 'SIGKILL');
    expect(await answer).toMatchObject({ how: 'crashed', detail: 'SIGKILL' });
    expect(await runWholeJob(one, job(good.sha256, []), 1_000)).toMatchObject({ how: 'crashed' });
  });
});
