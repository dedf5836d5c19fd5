import { ok, type Result } from '@collimator/shared/result';
import type { Priority } from '../../study/queue/schedule/scheduler.ts';
import { type KserveRefusal, refuse } from './refusal.ts';

export const priorityNames = ['stat', 'urgent', 'routine', 'background'] as const;
export type PriorityName = (typeof priorityNames)[number];

/** Where a request names its priority beside the parameter of that name. */
export const PRIORITY_HEADER = 'x-collimator-priority';

/**
 * The priority of a request: the parameter `priority`, by our names or as Triton counts (1 first, 0 for the default),
 * or else the header line. What a program may not ask for is refused, not lowered in silence.
 *
 * @param allowed the first is meant where the request says nothing
 */
export function priorityOf(
  parameter: unknown,
  header: string | undefined,
  allowed: readonly PriorityName[],
): Result<Priority, KserveRefusal> {
  const asked = parameter === undefined || parameter === 0 ? header : parameter;
  const named = asked ?? allowed[0];
  const at = typeof named === 'number' ? named - 1 : priorityNames.findIndex((name) => name === named);
  const name = priorityNames[at];
  if (name === undefined)
    return refuse(
      400,
      'kserve-malformed',
      `the priority is none of 1 to ${priorityNames.length}, ${list(priorityNames)}`,
    );
  if (!allowed.includes(name))
    return refuse(403, 'kserve-forbidden', `the priority ${name}; it may use ${list(allowed)}`);
  return ok(at as Priority);
}

const list = (names: readonly string[]): string => names.join(', ');

/** Triton's parameter `timeout`, µs, as ms; undefined where there is none. */
export function timeoutOf(parameter: unknown): Result<number | undefined, KserveRefusal> {
  if (parameter === undefined || parameter === 0) return ok(undefined);
  if (typeof parameter === 'number' && Number.isSafeInteger(parameter) && parameter > 0) return ok(parameter / 1_000);
  return refuse(400, 'kserve-malformed', 'the timeout is no number of microseconds');
}
