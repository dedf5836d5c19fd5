import type { Ask } from './ask.ts';
import type { KserveCounts } from './kserve-events.ts';

/** Requests of other programs for inference (KServe v2). */
export function addKserveMetrics(ask: Ask, counts: () => KserveCounts): void {
  const by = (label: string, values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([key, value]) => [{ [label]: key }, value] as const);
  ask('collimator_kserve_requests', 'Inference requests of programs under way', [], () => [[{}, counts().open]]);
  ask(
    'collimator_kserve_requests_total',
    'Inference requests of programs since the start, by outcome',
    ['outcome'],
    () => by('outcome', counts().outcomes),
  );
  ask(
    'collimator_kserve_limit_hits_total',
    'How often each bound of inference for programs was reached',
    ['limit'],
    () => by('limit', counts().limits),
  );
  ask('collimator_kserve_bytes_total', 'Bytes of inference requests and of their answers', ['direction'], () =>
    by('direction', counts().bytes),
  );
}
