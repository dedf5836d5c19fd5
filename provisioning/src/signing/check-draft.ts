import { MetadataKind, type Targets, Targets as TufTargets } from '@tufjs/models';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { targetPath } from '@collimator/shared/release/targets';
import { err, ok, type Result } from '@collimator/shared/result';

/** What is about to be signed, in the words of a person. */
export type Addition = {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly targetsVersion: number;
  readonly expires: string;
  readonly kept: number;
};

/**
 * The hub draws the draft, so a stolen hub could draw anything: nothing is signed but the present targets, one version
 * on, with this one release added.
 */
export function checkDraft(
  draft: unknown,
  present: unknown,
  asked: { readonly name: string; readonly version: string },
): Result<Addition, Refusal> {
  const next = readTargets(draft);
  const before = readTargets(present);
  if (!next.ok) return next;
  if (!before.ok) return before;
  if (next.value.version !== before.value.version + 1)
    return refuse('targets-out-of-date', `draft ${next.value.version}, present ${before.value.version}`);
  const path = targetPath(asked.name, asked.version);
  const [kept, added] = [entriesBut(next.value, path), next.value.targets[path]];
  if (added?.hashes['sha256'] === undefined) return refuse('target-unknown', `${asked.name}@${asked.version}`);
  if (!canonicalJson(kept).equals(canonicalJson(entriesBut(before.value, path))) || path in before.value.targets)
    return refuse('targets-changed', 'the draft differs from the present targets in more than this release');
  if (next.value.delegations !== undefined || Object.keys(next.value.unrecognizedFields).some((f) => f !== '_type'))
    return refuse('targets-changed', 'the draft holds more than targets');
  return ok({
    ...asked,
    sha256: added.hashes['sha256'],
    bytes: added.length,
    targetsVersion: next.value.version,
    expires: next.value.expires,
    kept: Object.keys(kept).length,
  });
}

function readTargets(signed: unknown): Result<Targets, Refusal> {
  try {
    const json = signed as Parameters<(typeof TufTargets)['fromJSON']>[0];
    if (json['_type'] !== MetadataKind.Targets) return refuse('metadata-malformed', 'not targets');
    return ok(TufTargets.fromJSON(json));
  } catch (cause) {
    return err({ code: 'metadata-malformed', detail: cause instanceof Error ? cause.message : 'unreadable' });
  }
}

const entriesBut = (targets: Targets, path: string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(targets.targets)
      .filter(([name]) => name !== path)
      .map(([name, file]) => [name, file.toJSON()]),
  );
