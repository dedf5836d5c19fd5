import { CodedError } from '@collimator/shared/errors/coded-error';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { createSliceReader } from '../../decode/slice-reader.ts';
import type { DeviceSpec, FromWorker, Loaded, LoadRelease, TaskAnswer, ToWorker, Unloadable } from '../protocol.ts';
import type { Pipeline, WorkerTask } from '../tasks.ts';
import { createFaults } from './faults.ts';
import { readRelease } from './load-release.ts';
import { type OpenedRelease, openRelease } from './open-release.ts';
import type { LoadedRelease } from './pipeline/loaded-release.ts';
import { createPipeline } from './pipeline/pipeline.ts';
import { requirePipeline } from './pipeline/require-pipeline.ts';
import { startSliceThreads } from './pipeline/slices/slice-threads.ts';

/** Entry of the process that computes: loads, warms and tests the releases it is told to, then runs one task at a time. */
const checkpoint = createCheckpoint(process.env);
const faults = createFaults(process.env);
let pipeline: Pipeline | undefined;

const tell = (message: FromWorker): void => void process.send?.(message);

// Without its supervisor nobody waits for the result: whatever was half done is done again by the next one.
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group; when to end is the supervisor's word.
process.on('SIGINT', () => undefined);

process.on('message', (message: ToWorker) => {
  if (message.type === 'init') void load(message.device, message.releases);
  else void run(message.task);
});

type LoadedHere = LoadedRelease & OpenedRelease;

async function load(device: DeviceSpec, wanted: readonly LoadRelease[]): Promise<void> {
  const begun = performance.now();
  faults.starting(device.name);
  const releases = new Map<string, LoadedHere>();
  const unloadable: Unloadable[] = [];
  for (const one of wanted) {
    try {
      releases.set(one.sha256, await loadRelease(one, device));
    } catch (error) {
      const { code, detail } = reasonOf(error, 'inference-model-unloadable');
      unloadable.push({ sha256: one.sha256, code, detail });
    }
  }
  const threads = startSliceThreads(device.decodeThreads);
  const reader = await createSliceReader();
  pipeline = createPipeline({ release: (sha256) => releases.get(sha256), threads, reader, now: () => Date.now() });
  const loaded = [...releases.values()].map(({ sha256, sessions, origins, why }): Loaded => {
    const provider = [...new Set(sessions.map((session) => session.provider))].join(' ');
    const attested = sessions.every((session) => session.attested);
    return { sha256, provider, attested, ...(origins !== undefined && { origins }), ...(why !== undefined && { why }) };
  });
  faults.arm(device.name);
  tell({ type: 'ready', warm_ms: Math.round(performance.now() - begun), loaded, unloadable });
}

async function loadRelease({ sha256, folder }: LoadRelease, device: DeviceSpec): Promise<LoadedHere> {
  const release = await readRelease(folder, sha256);
  requirePipeline(release);
  return { sha256, release, ...(await openRelease({ folder, sha256, release }, device, faults)) };
}

async function run(task: WorkerTask): Promise<void> {
  const answer = await answerOf(task).catch((error: unknown): TaskAnswer => reasonOf(error, 'inference-failed'));
  if (answer.how === 'next' && 'inferred' in answer.next) checkpoint('worker-inferred');
  tell({ type: 'answer', answer, resident_bytes: process.memoryUsage.rss() });
}

async function answerOf(task: WorkerTask): Promise<TaskAnswer> {
  if (pipeline === undefined) throw new Error('nothing is loaded');
  if (task.type === 'tensors') {
    const { releaseSha256, stage, inputs, outputs } = task;
    return { how: 'tensors', outputs: await pipeline.tensors(releaseSha256, stage, inputs, outputs) };
  }
  if (task.type === 'items') {
    const { ref, work, from, to, batchMax } = task;
    const done = await pipeline.items(ref, work, from, to, batchMax);
    return done.ok ? { how: 'items', times: done.value } : { how: 'permanent', ...done.error };
  }
  const { job, ref } = task;
  const next = await (task.type === 'plan' ? pipeline.plan(job, ref) : pipeline.conclude(job, ref, task.work));
  return next.ok ? { how: 'next', next: next.value } : { how: 'permanent', ...next.error };
}

function reasonOf(error: unknown, otherwise: string): { how: 'transient' | 'permanent'; code: string; detail: string } {
  if (error instanceof CodedError)
    return { how: error.class === 'permanent' ? 'permanent' : 'transient', code: error.code, detail: error.detail };
  return { how: 'transient', code: otherwise, detail: error instanceof Error ? error.message : String(error) };
}
