import type { Clock } from '../clock.ts';
import { type Err, err, type Ok } from '../result.ts';
import { admit, type AssociateRequest, type Policy, type Source } from '../upper-layer/admission.ts';
import type { Refusal } from '../upper-layer/refusal.ts';

export type AdmissionLineDeps = {
  readonly policy: Policy;
  readonly clock: Clock;
  /** How long a request waits for a place when a limit is reached, ms; 0 refuses at once. */
  readonly associationWait_ms: number;
  readonly congested: () => string | undefined;
};

export type Decided = Ok<Source> | Err<Refusal>;

/** Counts associations, and lets requests wait for a place for a bounded time, first come, first served. */
export type AdmissionLine = {
  /** The source, which then holds a place until `leave`, or the refusal; a promise of it where the request waits. */
  enter(request: AssociateRequest): Decided | Promise<Decided>;
  leave(source: Source): void;
  /** Refuses all that wait. */
  close(): void;
};

type Waiting = {
  readonly request: AssociateRequest;
  readonly refused: Refusal;
  readonly settle: (decided: Decided) => void;
};

/** As many wait as there may be connections: the length of the line needs no bound of its own. */
export function createAdmissionLine({
  policy,
  clock,
  associationWait_ms,
  congested,
}: AdmissionLineDeps): AdmissionLine {
  const bySource = new Map<Source, number>();
  const line = new Set<Waiting>();
  let associations = 0;

  function decide(request: AssociateRequest): Decided {
    const load = { associations, bySource: (s: Source) => bySource.get(s) ?? 0, congested: congested() };
    const decided = admit(request, policy, load);
    if (decided.ok) {
      associations += 1;
      bySource.set(decided.value, load.bySource(decided.value) + 1);
    }
    return decided;
  }

  /** Whoever could come in by now does; one whose own limit is reached holds nobody up. */
  function advance(): void {
    for (const one of line) {
      const decided = decide(one.request);
      if (decided.ok) one.settle(decided);
    }
  }

  return {
    enter(request) {
      const decided = decide(request);
      const waits = !decided.ok && associationWait_ms > 0 && decided.error.limit !== undefined;
      if (!waits || decided.error.limit === 'congestion') return decided;
      return new Promise((resolve) => {
        const cancel = clock.after(associationWait_ms, () => one.settle(err(one.refused)));
        const one: Waiting = {
          request,
          refused: decided.error,
          settle(last) {
            cancel();
            line.delete(one);
            resolve(last);
          },
        };
        line.add(one);
      });
    },
    leave(source) {
      associations -= 1;
      bySource.set(source, (bySource.get(source) ?? 1) - 1);
      advance();
    },
    close() {
      for (const one of line) one.settle(err(one.refused));
    },
  };
}
