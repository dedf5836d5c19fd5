import type { Log } from '@collimator/shared/observe/log';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import type { After } from '../../timers.ts';
import type { InferenceChild, RunAnswer } from './inference-child.ts';
import type { DeviceSpec, LoadRelease, WorkerJob } from './protocol.ts';

export type DeviceDeps = {
  readonly spec: DeviceSpec;
  readonly start: (spec: DeviceSpec, releases: readonly LoadRelease[]) => InferenceChild;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  /** It may be able to take a job now. */
  readonly onChange: () => void;
};

/** A device with at most one warm process, and a second one only while models change. */
export type Device = {
  readonly name: string;
  /** Releases that an idle, warm process has loaded; none while there is nothing that could take a job. */
  available(): readonly string[];
  run(job: WorkerJob, stuckAfter_ms: number): Promise<RunAnswer>;
  /** Which releases to have loaded from now on. */
  want(releases: readonly ActiveRelease[]): void;
  stop(): Promise<void>;
};

type Warm = { readonly child: InferenceChild; readonly key: string; readonly loaded: readonly string[]; busy: boolean };

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 60_000;

/**
 * Keeps a device at what is wanted: starts its process, starts it again with growing pauses when it ends, and for a
 * change of models warms a new one before the old one, having finished its job, is let go.
 */
export function createDevice(deps: DeviceDeps): Device {
  const { spec, log } = deps;
  let wanted: readonly LoadRelease[] = [];
  let current: Warm | undefined;
  let starting: { readonly child: InferenceChild; readonly key: string } | undefined;
  const alive = new Set<InferenceChild>();
  let failures = 0;
  let cancelPause: (() => void) | undefined;
  let stopped = false;

  const keyOf = (releases: readonly LoadRelease[]): string => releases.map(({ sha256 }) => sha256).join(' ');

  function converge(): void {
    if (stopped || cancelPause !== undefined) return;
    const key = keyOf(wanted);
    if (starting?.key === key) return;
    starting?.child.kill();
    starting = undefined;
    if (key === (current?.key ?? '')) return;
    if (wanted.length === 0) return replace(undefined);
    const child = deps.start(spec, wanted);
    alive.add(child);
    starting = { child, key };
    void warm(child, key);
  }

  async function warm(child: InferenceChild, key: string): Promise<void> {
    void child.ended.then((why) => onEnd(child, why));
    const ready = await child.ready.then(
      (value) => value,
      () => undefined, // Its end is told by `ended`.
    );
    if (ready === undefined || starting?.child !== child) return;
    for (const { code, detail } of ready.unloadable)
      log.event('device-down', { device: spec.name, code, reason: detail });
    const { provider, warm_ms, loaded } = ready;
    log.event('device-ready', { device: spec.name, provider, releases: loaded.length, warm_ms });
    if (spec.gpu !== undefined && loaded.length > 0 && provider !== 'cuda')
      log.event('device-without-cuda', { device: spec.name, provider });
    starting = undefined;
    replace({ child, key, loaded, busy: false });
    deps.onChange();
  }

  function replace(next: Warm | undefined): void {
    const old = current;
    current = next;
    if (old !== undefined && !old.busy) old.child.kill();
  }

  function onEnd(child: InferenceChild, why: string): void {
    alive.delete(child);
    const unexpected = current?.child === child || starting?.child === child;
    if (current?.child === child) current = undefined;
    if (starting?.child === child) starting = undefined;
    if (stopped || !unexpected) return;
    const pause_ms = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** failures);
    failures += 1;
    log.event('device-down', {
      device: spec.name,
      code: 'inference-worker-died',
      reason: why,
      again_in_ms: pause_ms,
    });
    cancelPause?.();
    cancelPause = deps.after(pause_ms, () => {
      cancelPause = undefined;
      converge();
    });
  }

  return {
    name: spec.name,
    available: () => (current === undefined || current.busy || stopped ? [] : current.loaded),
    async run(job, stuckAfter_ms) {
      const warmed = current;
      if (warmed === undefined || warmed.busy) throw new Error(`${spec.name} is not available`);
      warmed.busy = true;
      const answer = await warmed.child.run(job, stuckAfter_ms);
      warmed.busy = false;
      if (answer.how !== 'crashed') failures = 0;
      if (warmed !== current) warmed.child.kill();
      return answer;
    },
    want(releases) {
      wanted = releases
        .map(({ ref, folder }) => ({ sha256: ref.sha256, folder }))
        .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
      converge();
    },
    async stop() {
      stopped = true;
      cancelPause?.();
      const ends = [...alive].map((child) => {
        child.kill();
        return child.ended;
      });
      await Promise.all(ends);
    },
  };
}
