/** Bits of `clocks_throttle_reasons.active`, as NVML names them (`nvmlClocksThrottleReason…` in nvml.h). */
const bits = {
  'gpu-idle': 0x1,
  'applications-clocks-setting': 0x2,
  'sw-power-cap': 0x4,
  'hw-slowdown': 0x8,
  'sync-boost': 0x10,
  'sw-thermal-slowdown': 0x20,
  'hw-thermal-slowdown': 0x40,
  'hw-power-brake-slowdown': 0x80,
  'display-clock-setting': 0x100,
} as const;

/** `other`: a bit that is younger than this table. */
export type ThrottleReason = keyof typeof bits | 'other';

export const throttleReasons = [...Object.keys(bits), 'other'] as readonly ThrottleReason[];

const known = Object.values(bits).reduce((sum: number, bit) => sum + bit, 0);

/** Every reason with whether it holds. @param mask a whole number of 64 bits at most; above 2^53 only `other` counts */
export function reasonsOf(mask: number): Readonly<Record<ThrottleReason, boolean>> {
  const low = mask % 0x200;
  const entries = Object.entries(bits).map(([reason, bit]) => [reason, (low & bit) !== 0] as const);
  return { ...Object.fromEntries(entries), other: mask > known } as Record<ThrottleReason, boolean>;
}
