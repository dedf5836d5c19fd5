import Type from 'typebox';
import { strict } from '../common.ts';

/** What happens to an object that has a known UID and other bytes. */
export const Conflicts = Type.Enum(['quarantine', 'replace', 'keep-first'], { default: 'quarantine' });

/** Bounds of what is set aside. */
export const Quarantine = strict(
  {
    entries_max: Type.Integer({ minimum: 1, default: 10_000 }),
    bytes_max: Type.Integer({ minimum: 1, default: 21_474_836_480 }),
    keep_days: Type.Number({ exclusiveMinimum: 0, default: 30 }),
  },
  { default: {} },
);

/**
 * What is removed although there is room, how often the disk is looked at, and how long results of what was removed can
 * be taken back.
 */
export const Retention = strict(
  {
    keep_days_max: Type.Union([Type.Null(), Type.Number({ exclusiveMinimum: 0 })], { default: null }),
    interval_s: Type.Number({ minimum: 1, maximum: 86_400, default: 60 }),
    withdrawable_days: Type.Number({ minimum: 0, maximum: 3_650, default: 90 }),
    withdrawable_max: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 20_000 }),
  },
  { default: {} },
);
