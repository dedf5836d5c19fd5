/** What is known of a device's luck. A finished task forgives everything. */
export type DeviceHealth = {
  /** A process of it ended by itself, or could not start. Returns how long to wait before the next one, and whether to give the device up until then. */
  died(): { readonly pause_ms: number; readonly giveUp: boolean };
  /** It answered, and the answer was no good. */
  faulty(): { readonly pause_ms: number; readonly giveUp: boolean };
  worked(): void;
};

const PAUSE_FIRST_MS = 500;
const PAUSE_MOST_MS = 60_000;
/** So many ends or bad answers in a row, and the device is given no more work until it was started anew. */
export const IN_A_ROW_MAX = 3;

export function createDeviceHealth(): DeviceHealth {
  let deaths = 0;
  let faults = 0;
  const pause = (times: number): number => Math.min(PAUSE_MOST_MS, PAUSE_FIRST_MS * 2 ** (times - 1));
  return {
    died() {
      deaths += 1;
      return { pause_ms: pause(deaths), giveUp: deaths >= IN_A_ROW_MAX };
    },
    faulty() {
      faults += 1;
      const giveUp = faults % IN_A_ROW_MAX === 0;
      if (giveUp) deaths += 1;
      return { pause_ms: pause(Math.max(1, deaths)), giveUp };
    },
    worked() {
      deaths = 0;
      faults = 0;
    },
  };
}
