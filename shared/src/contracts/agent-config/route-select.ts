import Type, { type Static } from 'typebox';
import { AeTitle, strict } from '../common.ts';

const Text = Type.String({ minLength: 1 });
const Uid = Type.String({ pattern: '^[0-9]+(\\.[0-9]+)*$', maxLength: 64 });

const bounds = <N extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.Integer>>(number: N) =>
  Type.Optional(strict({ min: Type.Optional(number), max: Type.Optional(number) }));

/** Name of a route in the audit log and on the command line. */
export const RouteName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });

/** Which series a route takes of those that its release selects; every condition that is given must hold. */
export const RouteSelect = strict(
  {
    modality: Type.Optional(Type.Array(Text, { minItems: 1 })),
    sop_classes: Type.Optional(Type.Array(Uid, { minItems: 1 })),
    body_part: Type.Optional(Type.Array(Text, { minItems: 1 })),
    series_description: Type.Optional(Text),
    slices: bounds(Type.Integer({ minimum: 1 })),
    thickness_mm: bounds(Type.Number({ exclusiveMinimum: 0 })),
    orientation: Type.Optional(Type.Array(Type.Enum(['axial', 'coronal', 'sagittal', 'oblique']), { minItems: 1 })),
    source: Type.Optional(Type.Array(AeTitle, { minItems: 1 })),
  },
  { default: {} },
);
export type RouteSelect = Static<typeof RouteSelect>;
