import Type, { type Static } from 'typebox';
import { AeTitle, Path, Port, strict } from '../common.ts';

/** The PACS that has the priors, as it is called and as it calls. */
const PriorSource = strict({
  ae_title: AeTitle,
  host: Type.String({ minLength: 1 }),
  port: Port,
  tls: Type.Optional(strict({ ca: Path, certificate: Type.Optional(Path), key: Type.Optional(Path) })),
  user: Type.Optional(strict({ name: Type.String({ minLength: 1 }), passcode_file: Type.Optional(Path) })),
  /** Calling AE title of what it sends, where that is another one. */
  sends_as: Type.Optional(AeTitle),
});

/** Where priors are fetched from, and with which bounds. */
export const Priors = strict({
  source: PriorSource,
  concurrent_moves_max: Type.Integer({ minimum: 1, maximum: 16, default: 2 }),
  series_images_max: Type.Integer({ minimum: 1, default: 5000 }),
  keep_hours: Type.Number({ minimum: 0, default: 24 }),
  timeouts: strict(
    {
      connect_s: Type.Number({ exclusiveMinimum: 0, default: 5 }),
      response_s: Type.Number({ exclusiveMinimum: 0, default: 20 }),
      move_idle_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
    },
    { default: {} },
  ),
  retry: strict(
    {
      attempts_max: Type.Integer({ minimum: 1, maximum: 100, default: 3 }),
      first_s: Type.Number({ exclusiveMinimum: 0, default: 2 }),
      most_s: Type.Number({ exclusiveMinimum: 0, default: 30 }),
    },
    { default: {} },
  ),
});
export type Priors = Static<typeof Priors>;
