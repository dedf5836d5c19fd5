/** A token bucket: how many requests are granted, refilled by time. */
export type Allowance = { readonly tokens: number; readonly at: Date };

export const newAllowance = (burst: number, at: Date): Allowance => ({ tokens: burst, at });

/** Grants as many of `asked` as the bucket holds. A clock that goes back refills nothing and takes nothing away. */
export function take(
  allowance: Allowance,
  asked: number,
  now: Date,
  perSecond: number,
  burst: number,
): { readonly granted: number; readonly allowance: Allowance } {
  const elapsed_s = Math.max(0, now.getTime() - allowance.at.getTime()) / 1000;
  const tokens = Math.min(burst, allowance.tokens + elapsed_s * perSecond);
  const granted = Math.min(asked, Math.floor(tokens));
  return { granted, allowance: { tokens: tokens - granted, at: now } };
}
