import { CodedError } from '@collimator/shared/errors/coded-error';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { createSliceReader, type SliceReader } from '../../decode/slice-reader.ts';
import type { DeviceSpec, FromWorker, LoadRelease, ToWorker, Unloadable, WorkerJob } from '../protocol.ts';
import { readRelease } from './load-release.ts';
import { loadStageModel } from './ort-session.ts';
import { runJob } from './run-job.ts';
import type { LoadedRelease } from './segment-series.ts';
import { type SliceThreads, startSliceThreads } from './slices/slice-threads.ts';

/** Entry of the process that computes: loads and warms the releases it is told to, then runs one job at a time. */
const checkpoint = createCheckpoint(process.env);
const loaded = new Map<string, LoadedRelease>();
const reader: Promise<SliceReader> = createSliceReader();
let threads: SliceThreads | undefined;

const answer = (message: FromWorker): void => void process.send?.(message);

// Without its supervisor nobody waits for the result: whatever was half done is done again by the next one.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; when to end is the supervisor's word.
process.on('SIGINT', () => undefined);

process.on('message', (message: ToWorker) => {
  if (message.type === 'init') void load(message.device, message.releases);
  else void run(message.job);
});

async function load(device: DeviceSpec, releases: readonly LoadRelease[]): Promise<void> {
  const begun = performance.now();
  const unloadable: Unloadable[] = [];
  threads = startSliceThreads(device.decodeThreads);
  for (const { sha256, folder } of releases) {
    try {
      const release = await readRelease(folder, sha256);
      const model = await loadStageModel(folder, release, device);
      await model.warm();
      loaded.set(sha256, { sha256, release, model });
    } catch (error) {
      const { code, detail } = reasonOf(error, 'inference-model-unloadable');
      unloadable.push({ sha256, code, detail });
    }
  }
  await reader;
  answer({
    type: 'ready',
    provider: [...new Set([...loaded.values()].map(({ model }) => model.provider))].join(' '),
    warm_ms: Math.round(performance.now() - begun),
    loaded: [...loaded.keys()],
    unloadable,
  });
}

async function run(job: WorkerJob): Promise<void> {
  const { jobId } = job;
  try {
    const release = loaded.get(job.releaseSha256);
    if (release === undefined || threads === undefined) throw new Error('the release is not loaded');
    const inferred = await runJob(job, release, await reader, threads);
    checkpoint('worker-inferred');
    if (inferred.ok) answer({ type: 'inferred', jobId, inferred: inferred.value });
    else answer({ type: 'failed', jobId, how: 'permanent', ...inferred.error });
  } catch (error) {
    answer({ type: 'failed', jobId, ...reasonOf(error, 'inference-failed') });
  }
}

function reasonOf(error: unknown, otherwise: string): { how: 'transient' | 'permanent'; code: string; detail: string } {
  if (error instanceof CodedError)
    return { how: error.class === 'permanent' ? 'permanent' : 'transient', code: error.code, detail: error.detail };
  return { how: 'transient', code: otherwise, detail: error instanceof Error ? error.message : String(error) };
}
