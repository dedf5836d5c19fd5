import { fork } from 'node:child_process';
import type { Release } from '@collimator/shared/contracts/release';
import { entryFile } from '@collimator/shared/entry';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { Log } from '@collimator/shared/observe/log';
import { err, ok, type Result } from '@collimator/shared/result';
import type { DeviceSpec } from './protocol.ts';

export type SelfTestRequest = { readonly folder: string; readonly device: DeviceSpec };

export type SelfTestAnswer =
  | { readonly ok: true; readonly max_abs_diff: number }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string };

export type SelfTestFailure = { readonly code: ErrorCode; readonly detail: string };

const SELF_TEST_MS_MAX = 300_000;
const cpu: DeviceSpec = {
  ...{ name: 'self-test', kind: 'cpu', threads: 1, decodeThreads: 1, providers: ['cpu'], workers: 1, nice: 0 },
  residentBytesMax: Number.POSITIVE_INFINITY,
};

/**
 * Runs the golden cases of a release folder in a process of its own: source pixels through the declared
 * preprocessing and the model, compared with the logits that the trainer computed.
 *
 * @returns the largest absolute difference, or `golden-mismatch` beyond the release's tolerance, or why it could not run
 */
export async function selfTest(
  folder: string,
  release: Release,
  device: DeviceSpec = cpu,
): Promise<Result<{ readonly max_abs_diff: number }, SelfTestFailure>> {
  const answer = await ask({ folder, device });
  if (!answer.ok) return err({ code: answer.code, detail: answer.detail });
  const { max_abs_diff } = answer;
  if (max_abs_diff <= release.golden.tolerance_abs) return ok({ max_abs_diff });
  const detail = `largest difference ${max_abs_diff.toExponential(2)}, allowed ${release.golden.tolerance_abs}`;
  return err({ code: 'golden-mismatch', detail });
}

/**
 * The golden cases on the CPU, and then on the first GPU of each choice of providers, beside what runs there. A GPU that
 * computes something else refuses the release while the one before is still at work. What could not be loaded there for
 * now is told and no verdict: the device tests it again when it is to run it.
 */
export async function selfTestOn(
  devices: readonly DeviceSpec[],
  folder: string,
  release: Release,
  log: Log,
  test: typeof selfTest = selfTest,
): Promise<Result<{ readonly max_abs_diff: number }, SelfTestFailure>> {
  const tested = await test(folder, release);
  if (!tested.ok) return tested;
  const gpus = devices.filter(({ kind, memoryBytesMax = Number.POSITIVE_INFINITY }) => {
    // At most a release of the same size runs there; where the memory does not hold both, the test would be in its way.
    return kind === 'gpu' && 2 * release.device.memory_bytes_min <= memoryBytesMax;
  });
  const differences = [tested.value.max_abs_diff];
  for (const gpu of new Map(gpus.toReversed().map((one) => [one.providers.join(' '), one])).values()) {
    const there = await test(folder, release, gpu);
    if (there.ok) differences.push(there.value.max_abs_diff);
    else {
      const { code, detail } = there.error;
      if (code === 'golden-mismatch') return err({ code, detail: `on ${gpu.name}: ${detail}` });
      const { name, version } = release;
      log.event('model-untested-on-device', { device: gpu.name, name, version, code, reason: detail });
    }
  }
  return ok({ max_abs_diff: Math.max(...differences) });
}

function ask(request: SelfTestRequest): Promise<SelfTestAnswer> {
  const { gpu } = request.device;
  const child = fork(entryFile(import.meta.url, './worker/self-test-main.js'), {
    serialization: 'advanced',
    // None of our own process's: import conditions or a debugger port are not the child's.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, ...(gpu !== undefined && { CUDA_VISIBLE_DEVICES: gpu }) },
  });
  return new Promise((resolve) => {
    let late = false;
    const failed = (detail: string): void => resolve({ ok: false, code: 'self-test-failed', detail });
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, SELF_TEST_MS_MAX);
    child.once('message', (answer: SelfTestAnswer) => resolve(answer));
    child.once('error', (error) => failed(error.message));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      failed(late ? `not done after ${SELF_TEST_MS_MAX / 1000} s` : `the process ended: ${signal ?? code}`);
    });
    // A failed send means that the process is gone; its end is told by 'exit'.
    child.send(request, () => undefined);
  });
}
