import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import type { ServedModel, TensorEngine, TensorFailure } from '@collimator/edge-agent/study/infer/tensor-engine';
import type { ModelTensor } from '@collimator/edge-agent/study/infer/worker/model-session';
import { err, ok, type Result } from '@collimator/shared/result';
import ort from 'onnxruntime-node';

/**
 * An engine for other programs' requests with real models, in this process, one run at a time and a bounded queue. It
 * is a fake because the routes must be seen at moments that the real one does not stop at: with a full queue, without
 * a device, in the middle of a run.
 */
export type ModelEngine = TensorEngine & {
  /** Runs wait from now on, until the returned function is called. */
  hold(): () => void;
  setReady(ready: boolean): void;
  /** Only these versions are listed from now on, in this order, and the first `unready` of them are warming. */
  list(versions: readonly string[], unready: number): void;
  /** What runs give from now on instead of the models' outputs; undefined for those again. */
  setOutputs(outputs: ((inputs: readonly ModelTensor[]) => readonly ModelTensor[]) | undefined): void;
  /** Priorities of the requests so far, how many of them nobody waited for, and how many are on their way to a release. */
  readonly asked: {
    readonly priorities: number[];
    readonly batches: number[];
    aborted: number;
    kept: Map<string, number>;
  };
};

/** @param waitingMax requests that may wait for the one that runs */
export async function createModelEngine(releases: readonly ActiveRelease[], waitingMax = 8): Promise<ModelEngine> {
  const sessions = new Map<string, ort.InferenceSession>();
  for (const { ref, release, folder } of releases)
    for (const [stage, { model }] of release.stages.entries())
      sessions.set(`${ref.sha256} ${stage}`, await ort.InferenceSession.create(`${folder}/${model}`));
  let ready = true;
  let outputs: ((inputs: readonly ModelTensor[]) => readonly ModelTensor[]) | undefined;
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  let gate: Promise<void> = Promise.resolve();
  const asked = { priorities: [] as number[], batches: [] as number[], aborted: 0, kept: new Map<string, number>() };

  let listed: { readonly versions: readonly string[]; readonly unready: number } | undefined;

  const served = ({ ref, release }: ActiveRelease, isReady: boolean): ServedModel => ({
    ...{ name: ref.name, version: ref.version, sha256: ref.sha256, release, ready: isReady },
  });
  const models = (): readonly ServedModel[] =>
    listed?.versions.flatMap((version, i) =>
      releases.filter(({ ref }) => ref.version === version).map((one) => served(one, i >= (listed?.unready ?? 0))),
    ) ?? releases.map((one) => served(one, ready));

  return {
    asked,
    models,
    keep(sha256) {
      asked.kept.set(sha256, (asked.kept.get(sha256) ?? 0) + 1);
      return () => void asked.kept.set(sha256, (asked.kept.get(sha256) ?? 0) - 1);
    },
    hold() {
      let open: () => void = () => undefined;
      gate = new Promise((resolve) => (open = resolve));
      return () => open();
    },
    setReady: (value) => void (ready = value),
    list: (versions, unready) => void (listed = { versions, unready }),
    setOutputs: (value) => void (outputs = value),
    async infer({ sha256, stage, priority, inputs, outputs: names, signal }) {
      asked.priorities.push(priority);
      asked.batches.push(inputs[0]?.dims[0] ?? 0);
      const fail = (failure: TensorFailure): Result<never, TensorFailure> => err(failure);
      const known = models().some((one) => one.sha256 === sha256) || (asked.kept.get(sha256) ?? 0) > 0;
      if (!known) return fail({ how: 'not-ready', code: 'inference-release-unknown', detail: sha256 });
      if (!ready) return fail({ how: 'not-ready', code: 'inference-device-lost', detail: '/dev/secret0' });
      const session = sessions.get(`${sha256} ${stage}`);
      if (session === undefined) return fail({ how: 'failed', code: 'inference-release-altered', detail: sha256 });
      if (waiting > waitingMax) return fail({ how: 'overloaded', retryAfter_s: 7 });
      waiting += 1;
      const before = last;
      const run = (async (): Promise<Result<readonly ModelTensor[], TensorFailure>> => {
        await before;
        await Promise.race([gate, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
        waiting -= 1;
        if (signal.aborted) {
          asked.aborted += 1;
          return fail({ how: 'failed', code: 'inference-device-lost', detail: 'nobody waits' });
        }
        if (outputs !== undefined) return ok(outputs(inputs));
        const feeds = Object.fromEntries(
          inputs.map(({ name, dims, data }) => [name, new ort.Tensor('float32', data, [...dims])]),
        );
        const results = await session.run(feeds, [...names]);
        return ok(
          names.map((name) => {
            const tensor = results[name] as ort.Tensor;
            return { name, dims: tensor.dims, data: tensor.data as Float32Array };
          }),
        );
      })();
      last = run.catch(() => undefined);
      return run;
    },
  };
}
