/**
 * What the status of a STOW-RS response means for its objects (PS3.18 Table 10.5.3-1 and RFC 9110).
 * - `report`: the body names each object;
 * - `away`: nothing was looked at, and nothing else would be either: wrong address, no permission, busy;
 * - `refused`: these very objects are not taken;
 * - `failed`: the server could not cope with these objects this time.
 */
export type StowMeaning = 'report' | 'away' | 'refused' | 'failed';

export function meaningOf(status: number): StowMeaning {
  if (status === 200 || status === 202 || status === 409) return 'report';
  if (status === 400 || status === 413 || status === 415 || status === 422) return 'refused';
  if (status === 500 || status === 501) return 'failed';
  return status > 200 && status < 300 ? 'report' : 'away';
}
