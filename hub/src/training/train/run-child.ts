import { readFileSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { entryFile } from '@collimator/shared/entry';
import { releaseDeclaration } from '@collimator/shared/contracts/release';
import { type RunSpec, runSpec } from '@collimator/shared/contracts/run-spec';
import { CodedError, describeError } from '@collimator/shared/errors/coded-error';
import { loadDataset } from '../dataset/load-dataset.ts';
import { loadEngine } from './engines/engines.ts';
import type { TrainingEvent } from './events.ts';
import { openRunFolder } from './run-folder.ts';
import { runPipeline } from './run-pipeline.ts';

// One training run in a process of its own:
//   node hub/dist/training/train/run-child.js --spec spec.json --dataset DIR --out DIR [--run ID] [--code VERSION] [--stdin-held]
// One JSON line per event on stdout, the same in DIR/metrics.jsonl. Exit 0 done, 1 failed, 2 usage.
// It can be killed at any moment; started again with the same folders it starts over. With --stdin-held, the program that
// started it holds its stdin open as long as it lives, and the run ends with it, in the middle of a step if need be.

const STDOUT = 1;

const clock = (): number => performance.now();
const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const times = () => ({ elapsed_s: clock() / 1000, cpu_s: cpuSeconds() });

/** Written synchronously: a line that was promised is out before the next step begins. */
const print = (event: TrainingEvent): void => void writeSync(STDOUT, `${JSON.stringify(event)}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      spec: { type: 'string' },
      dataset: { type: 'string' },
      out: { type: 'string' },
      run: { type: 'string', default: 'r-local' },
      code: { type: 'string', default: 'unknown' },
      'stdin-held': { type: 'boolean', default: false },
    },
  });
  if (values['stdin-held']) endWithStdin();
  if (values.spec === undefined || values.dataset === undefined || values.out === undefined) {
    process.stderr.write('usage: run-child --spec spec.json --dataset DIR --out DIR [--run ID] [--code VERSION]\n');
    return 2;
  }
  const spec: RunSpec = runSpec.parse(readJson(values.spec), values.spec);
  const declarationPath = resolve(dirname(values.spec), spec.release);
  const declaration = releaseDeclaration.parse(readJson(declarationPath), declarationPath);
  const folder = openRunFolder(values.out);
  const emit = (event: TrainingEvent): void => {
    folder.append(event);
    print(event);
  };
  try {
    const result = await runPipeline(
      { spec, declaration, dataset: await loadDataset(values.dataset), run: values.run, code: values.code },
      {
        engine: await loadEngine(spec.engine),
        emit,
        clock,
        cpuSeconds,
        timestamp: () => `${new Date().toISOString().slice(0, 19)}Z`,
      },
    );
    emit({
      type: 'done',
      release: folder.finish(result),
      dice: result.dice,
      parity_max_abs_diff: result.parityMaxAbsDiff,
      parameters: result.parameters,
      steps: result.steps,
      weights_sha256: result.weights.sha256,
      ...times(),
    });
  } finally {
    folder.close();
  }
  return 0;
}

/** A step computes on the main thread without a break, so another one watches. */
function endWithStdin(): void {
  new Worker(entryFile(import.meta.url, './end-with-stdin.js'), { stdin: false }).unref();
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CodedError('config-unreadable', path, { cause });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  const coded = error instanceof CodedError ? error : new CodedError('training-child-failed', describeError(error));
  print({ type: 'failed', code: coded.code, detail: coded.detail, message: describeError(coded), ...times() });
  process.exitCode = 1;
}
