import type { ServedModel, TensorEngine } from '@collimator/edge-agent/study/infer/tensor-engine';
import type { RequestFigures, RequestLoad } from './protocol.ts';

const ROUTINE = 2;
/** A release that never answers is waited for no longer. */
const UNTIL_MS_MAX = 60_000;

/**
 * Clients that ask, wait for the answer and ask again, until the time is up. Like a client of KServe v2 that names no
 * version, each asks for what is active and ready when it asks.
 */
export async function runRequests(engine: TensorEngine, load: RequestLoad): Promise<RequestFigures> {
  const { release, dims, clients, for_ms, untilBy } = load;
  const latencies_ms: number[] = [];
  const failed: string[] = [];
  const by: Record<string, number> = {};
  const end = performance.now() + for_ms;
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1)).fill(0.1);

  const goesOn = (): boolean => {
    const late_ms = performance.now() - end;
    return late_ms < 0 || (untilBy !== undefined && by[untilBy] === undefined && late_ms < UNTIL_MS_MAX);
  };

  async function client(): Promise<void> {
    while (goesOn()) {
      const model = readyModel(engine, release);
      if (model === undefined) {
        failed.push('not ready');
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      const begun = performance.now();
      const answer = await engine.infer({
        ...{ sha256: model.sha256, stage: 0, priority: ROUTINE, outputs: ['logits'] },
        inputs: [{ name: 'image', dims, data }],
        signal: new AbortController().signal,
      });
      latencies_ms.push(performance.now() - begun);
      if (answer.ok && answer.value[0]?.data.every(Number.isFinite) === true)
        by[model.sha256] = (by[model.sha256] ?? 0) + 1;
      else failed.push(answer.ok ? 'not numbers' : answer.error.how);
    }
  }

  await Promise.all(Array.from({ length: clients }, client));
  const answered = Object.values(by).reduce((sum, count) => sum + count, 0);
  return { answered, failed, latencies_ms, by };
}

const readyModel = (engine: TensorEngine, name: string): ServedModel | undefined =>
  engine.models().find((one) => one.name === name && one.ready);
