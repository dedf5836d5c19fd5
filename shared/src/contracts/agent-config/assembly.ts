import Type, { type Static } from 'typebox';
import { AeTitle, Path, Port, strict } from '../common.ts';

/** Titles of key objects that list all of what was sent: Manifest, and those of IHE's TCE (old codes and new ones). */
const manifestTitles = [
  '113030',
  ...['IHERADTF:TCE001', 'IHERADTF:TCE002', 'IHERADTF:TCE007', 'IHERADTF:TCE008'],
  ...['128710', '128711', '128713', '128714'],
];

/** Who is asked how many images a study has (C-FIND, Study Root), and how patiently. */
export const CountSource = strict({
  host: Type.String({ minLength: 1 }),
  port: Port,
  ae_title: AeTitle,
  tls: Type.Optional(strict({ ca: Path, certificate: Type.Optional(Path), key: Type.Optional(Path) })),
  user: Type.Optional(strict({ name: Type.String({ minLength: 1 }), passcode_file: Type.Optional(Path) })),
  unit: Type.Enum(['study', 'series'], { default: 'study' }),
  timeouts: strict(
    {
      connect_s: Type.Number({ exclusiveMinimum: 0, default: 5 }),
      response_s: Type.Number({ exclusiveMinimum: 0, default: 10 }),
    },
    { default: {} },
  ),
  retry: strict(
    {
      attempts_max: Type.Integer({ minimum: 1, maximum: 100, default: 3 }),
      first_s: Type.Number({ exclusiveMinimum: 0, default: 1 }),
      most_s: Type.Number({ exclusiveMinimum: 0, default: 30 }),
    },
    { default: {} },
  ),
});
export type CountSource = Static<typeof CountSource>;

/** When the release of a sender's association says that its study is whole. */
export const CompletionRule = strict({
  source: AeTitle,
  when: Type.Enum(['association-released'], { default: 'association-released' }),
  expect: Type.Enum(['none', 'c-find', 'key-object'], { default: 'none' }),
  /** With `c-find`. */
  at: Type.Optional(CountSource),
  /** With `key-object`: `CODE` of the DICOM terminology, `SCHEME:CODE` of another. */
  titles: Type.Array(Type.String({ pattern: '^[^:\\s]+(:[^:\\s]+)?$' }), { minItems: 1, default: manifestTitles }),
});
export type CompletionRule = Static<typeof CompletionRule>;

export const Assembly = strict(
  {
    complete_after_quiet_s: Type.Number({ exclusiveMinimum: 0, default: 20 }),
    late_images: Type.Enum(['supersede', 'ignore'], { default: 'supersede' }),
    rules: Type.Array(CompletionRule, { default: [] }),
    rejections: strict(
      {
        keep_days: Type.Number({ exclusiveMinimum: 0, default: 1825 }),
        entries_max: Type.Integer({ minimum: 1, default: 1_000_000 }),
      },
      { default: {} },
    ),
  },
  { default: {} },
);
export type Assembly = Static<typeof Assembly>;
