import type { Progress } from '@collimator/shared/cli/progress';
import type { RunSummary } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { checkPrograms, type Demo, operator, type Stage } from '../context.ts';
import { runCollimator } from '../programs.ts';
import { waitFor } from '../wait.ts';

const trainMsMax = 300_000;

/** The hub trains, evaluates, exports and registers; the loss is shown as it falls. */
export const trainModel: Stage = {
  name: 'train',
  title: 'Training',
  run: async (demo, progress) => followRun(demo, await startRun(demo), progress),
};

/** Queues the run of the spec. @returns its id */
export async function startRun(demo: Demo): Promise<string> {
  const started = await runCollimator(
    ['hub', 'runs', 'start', '--config', demo.layout.hubConfig, '--spec', demo.layout.runSpec, '-o', 'json'],
    { signal: demo.signal },
  );
  return (JSON.parse(started) as RunSummary).id;
}

/** Waits for the end of a run and notes its release in the report. */
export async function followRun(demo: Demo, id: string, progress: Progress): Promise<string> {
  const run = await waitFor(
    async () => {
      const now = await operator(demo).showRun(id);
      progress.update(now.step / now.steps_max, live(now));
      return now.state === 'succeeded' || now.state === 'failed' ? now : undefined;
    },
    {
      what: `run ${id}`,
      timeoutMs: trainMsMax,
      intervalMs: 300,
      check: () => checkPrograms(demo),
      signal: demo.signal,
    },
  );
  if (run.state === 'failed' || run.release === null) throw new CodedError('demo-command', `run ${id}: ${run.error}`);
  const summary = {
    dice: run.dice ?? 0,
    parity_max_abs_diff: run.parity_max_abs_diff ?? Number.MAX_VALUE,
  };
  demo.report.backend = run.backend;
  demo.report.train_cpu_s = run.cpu_s;
  demo.report.model = { ...run.release, ...summary };
  return `Dice ${summary.dice.toFixed(3)} on the test block after ${run.step} steps, ${run.cpu_s?.toFixed(1)} CPU-s on ${run.backend}; ONNX parity ${summary.parity_max_abs_diff.toExponential(1)}`;
}

const live = (run: RunSummary): string =>
  run.loss === null
    ? `${run.state} on ${run.backend ?? '…'}`
    : `step ${run.step}  loss ${run.loss.toFixed(4)}  val Dice ${run.val_dice?.toFixed(3) ?? '…'}`;
