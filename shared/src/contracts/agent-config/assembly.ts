import Type, { type Static } from 'typebox';
import { AeTitle, strict } from '../common.ts';

/** When the release of a sender's association says that its study is whole. */
export const CompletionRule = strict({
  source: AeTitle,
  when: Type.Enum(['association-released'], { default: 'association-released' }),
  expect: Type.Enum(['none'], { default: 'none' }),
});
export type CompletionRule = Static<typeof CompletionRule>;

export const Assembly = strict(
  {
    complete_after_quiet_s: Type.Number({ exclusiveMinimum: 0, default: 20 }),
    late_images: Type.Enum(['supersede', 'ignore'], { default: 'supersede' }),
    rules: Type.Array(CompletionRule, { default: [] }),
  },
  { default: {} },
);
export type Assembly = Static<typeof Assembly>;
