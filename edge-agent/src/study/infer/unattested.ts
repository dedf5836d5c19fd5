import { remoteErrors } from '@collimator/shared/errors/remote';
import { releaseKey } from '../queue/balance/balanced-job.ts';
import type { Device } from './device.ts';

/** A server may be about to be put right: so long is waited for a device whose model is attested, ms. */
export const UNATTESTED_WAIT_MS = 60_000;
/** As often as a device of ours must have failed to load a release before it does not count as one that may. */
const LOAD_TRIES_MIN = 2;

export const unattestedWhy = {
  code: 'remote-model-unattested' satisfies keyof typeof remoteErrors,
  detail: 'no device has the release itself, and a route refuses a model that is not known to be it',
} as const;

/** Releases that only models may compute which could not be attested; jobs whose routes refuse that are not to wait for ever. */
export type Unattested = {
  /** From when on such jobs are given up, ms since 1970; undefined while a device has the release itself, or may have it. */
  from_ms(sha256: string): number | undefined;
};

const offers = (device: Device, key: string): boolean => device.slots().some(({ releases }) => releases.includes(key));

/** @param now ms since 1970 */
export function createUnattested(devices: readonly Device[], now: () => number): Unattested {
  const since = new Map<string, number>();

  /** Known of every device that is to have the release; of one that is away or starting nothing is known. */
  function isKnown(sha256: string): boolean {
    const able = devices.filter((device) => device.wants(sha256));
    if (devices.some((device) => offers(device, releaseKey(sha256, true)))) return false;
    const unattested = able.filter((device) => offers(device, releaseKey(sha256, false)));
    const others = able.filter((device) => !unattested.includes(device));
    return (
      unattested.length > 0 &&
      others.every(
        (device) => device.spec.kind !== 'remote' && (device.cannotLoad(sha256)?.tries ?? 0) >= LOAD_TRIES_MIN,
      )
    );
  }

  return {
    from_ms(sha256) {
      if (!isKnown(sha256)) {
        since.delete(sha256);
        return undefined;
      }
      const from = since.get(sha256) ?? now();
      since.set(sha256, from);
      return from + UNATTESTED_WAIT_MS;
    },
  };
}
