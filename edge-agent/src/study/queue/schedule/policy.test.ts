import { readFileSync } from 'node:fs';
import { REQUESTS_MAX } from '@collimator/shared/contracts/agent-config/inference';
import { expect, it } from 'vitest';
import { WINDOW } from '../dispatcher.ts';
import { defaultPolicy } from './policy.ts';

it('is what the page on scheduling says', () => {
  const page = readFileSync(new URL('../../../../docs/scheduling.md', import.meta.url), 'utf8');
  const said = new Map(Array.from(page.matchAll(/^\| `(\w+)` \| (.+?) \|/gm), ([, name, value]) => [name, value]));
  const minutes = (value_ms: number): string => (Number.isFinite(value_ms) ? String(value_ms / 60_000) : 'never');
  const { overdueAfter_ms, placedLaterMax_ms, chunkMax_ms, wakeMin_ms, jobsMax, ...plain } = defaultPolicy;
  expect(Object.fromEntries(said)).toEqual({
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, String(value)])),
    overdueAfter_ms: `${([0, 1, 2, 3] as const).map((priority) => minutes(overdueAfter_ms[priority])).join(', ')} min`,
    placedLaterMax_ms: `${minutes(placedLaterMax_ms)} min`,
    chunkMax_ms: `${chunkMax_ms} ms`,
    wakeMin_ms: `${wakeMin_ms} ms`,
    jobsMax: jobsMax.toLocaleString('en'),
  });
});

it('holds all that the dispatcher and other programs may bring at once', () => {
  const classes = Object.keys(defaultPolicy.overdueAfter_ms).length;
  expect(defaultPolicy.jobsMax).toBeGreaterThan(REQUESTS_MAX + classes * WINDOW);
});
