import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';

/** Requests of other programs that the engine holds at most, whatever is configured. */
export const REQUESTS_MAX = 10_000;

/** How jobs are watched, and how much other programs may ask. */
export const Inference = strict(
  {
    watchdog: strict(
      {
        /** A task is stuck after so many times what is expected of it. */
        factor: Type.Number({ minimum: 2, maximum: 100, default: 5 }),
        floor_s: Type.Number({ minimum: 0.1, maximum: 3_600, default: 30 }),
      },
      { default: {} },
    ),
    /** Requests of other programs that wait or run. */
    requests_max: Type.Integer({ minimum: 1, maximum: REQUESTS_MAX, default: 64 }),
  },
  { default: {} },
);
export type Inference = Static<typeof Inference>;
