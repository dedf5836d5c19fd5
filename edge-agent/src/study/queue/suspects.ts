/** Jobs to which a device has given an answer that cannot be, until they are over. */
export type Suspects = {
  note(jobId: number, device: string): void;
  has(jobId: number): boolean;
  /** Devices that are not to run a job again, as long as another one of these can. */
  of(jobId: number, able: readonly string[]): readonly string[];
  forget(jobId: number): void;
};

/** Jobs that are remembered; beyond that the oldest is forgotten, and has one more attempt for it. */
const JOBS_MAX = 1_000;

export function createSuspects(): Suspects {
  const devices = new Map<number, string>();
  return {
    note(jobId, device) {
      devices.set(jobId, device);
      for (const oldest of devices.keys()) if (devices.size > JOBS_MAX) devices.delete(oldest);
    },
    has: (jobId) => devices.has(jobId),
    of(jobId, able) {
      const device = devices.get(jobId);
      return device !== undefined && able.some((other) => other !== device) ? [device] : [];
    },
    forget: (jobId) => void devices.delete(jobId),
  };
}
