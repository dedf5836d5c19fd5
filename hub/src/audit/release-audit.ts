import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Rollouts } from '../release/rollout/rollouts.ts';
import type { Trust } from '../release/sign/trust.ts';
import type { AuditLog } from './audit-log.ts';

type Deps = { readonly audit: AuditLog; readonly checkpoint: Checkpoint };

/**
 * Trust with a record of each submission of targets: of the attempt before anything is published, because what follows
 * is files and cannot share a transaction with the record, and of its success.
 */
export function auditedTrust(trust: Trust, { audit, checkpoint }: Deps): Trust {
  return {
    ...trust,
    async submitTargets(submission) {
      const detail = {
        keys: submission.signatures.map((signature) => signature.keyid.slice(0, 16)).join(' '),
        version: versionOf(submission.signed),
      };
      await audit.record({ actor: 'operator', action: 'targets-submitted', subject: 'targets', detail });
      await trust.submitTargets(submission);
      checkpoint('hub-targets-signed');
      await audit.record({ actor: 'operator', action: 'targets-published', subject: 'targets', detail });
    },
  };
}

/** Roll-outs with a record of each, before and after, for the same reason. */
export function auditedRollouts(rollouts: Rollouts, { audit, checkpoint }: Deps): Rollouts {
  const record = (action: string, subject: string, detail: Record<string, string | number>) =>
    audit.record({ actor: 'operator', action, subject, detail });
  return {
    ...rollouts,
    async create(request) {
      const release = `${request.release}@${request.version}`;
      const detail = { devices: request.devices.length };
      await record('rollout-requested', release, detail);
      const created = await rollouts.create(request);
      checkpoint('hub-rollout-created');
      await record('rollout-created', release, { ...detail, rollout: created.id });
      return created;
    },
    async undo(id) {
      await record('rollout-undo-requested', String(id), {});
      const made = await rollouts.undo(id);
      await record('rollout-undone', String(id), { rollouts: made.length });
      return made;
    },
  };
}

/** What was submitted is not checked yet: it may hold anything. */
function versionOf(signed: unknown): number | null {
  const version = (signed as { readonly version?: unknown } | null)?.version;
  return Number.isSafeInteger(version) ? (version as number) : null;
}
