import { type KserveInferRequest, kserveInferRequest } from '@collimator/shared/contracts/kserve-v2';
import { type Problem } from '@collimator/shared/contracts/validate';
import { ok, type Result } from '@collimator/shared/result';
import { type KserveRefusal, refuse } from '../refusal.ts';

/** A request without the elements of its inputs, and those by the inputs' places. */
export type ReadJson = { readonly request: KserveInferRequest; readonly data: readonly unknown[] };

/** Request, its inputs, one of them, its shape or parameters: what lies deeper is looked at by nobody. */
const DEPTH = 4;
const PROBLEMS_MAX = 5;

/** The JSON of an inference request. Elements are set apart first: a schema would look at each of them. */
export function readJson(bytes: Uint8Array): Result<ReadJson, KserveRefusal> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return refuse(400, 'kserve-malformed', 'the body does not begin with JSON of the length given');
  }
  const inputs = isObject(parsed) && Array.isArray(parsed['inputs']) ? (parsed['inputs'] as unknown[]) : [];
  const data = inputs.map((input) => (isObject(input) ? input['data'] : undefined));
  const checked = kserveInferRequest.check(shallow(parsed, DEPTH));
  if (!checked.ok) return refuse(400, 'kserve-malformed', checked.error.slice(0, PROBLEMS_MAX).map(told).join('; '));
  return ok({ request: checked.value, data });
}

const told = ({ path, what }: Problem): string => `${path || 'the request'} ${what}`;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy so many levels deep, without elements. */
function shallow(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return null;
  if (Array.isArray(value)) return value.map((one) => shallow(one, depth - 1));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (key === 'data' ? [] : [[key, shallow(one, depth - 1)]])),
  );
}
