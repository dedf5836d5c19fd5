import Type, { type Static, type TProperties } from 'typebox';

/** An object that knows all its keys: an unknown one is an error, not a surprise. */
export const strict = <P extends TProperties>(properties: P, options: object = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options });

export const oneOf = <const T extends readonly string[]>(values: T) => Type.Enum(values as unknown as [...T]);

/** Class of a job; stat goes first. */
export const PriorityName = Type.Enum(['stat', 'urgent', 'routine', 'background']);
export type PriorityName = Static<typeof PriorityName>;

/** Lower-case hex SHA-256. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** `sha256:<hex>`: a digest as it is written in provenance. */
export const Digest = Type.String({ pattern: '^sha256:[0-9a-f]{64}$' });

/** Device id: the serial of the appliance. `hub` is the hub's own name at the broker and never a device. */
export const DeviceId = Type.String({ pattern: '^(?!hub$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' });

/** Release name: lower case, digits and dashes, so that it is safe in topics, paths and URLs. */
export const ReleaseName = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' });

/** Semantic version 2.0.0 without build metadata. */
export const SemanticVersion = Type.String({
  pattern: '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(-[0-9A-Za-z-]+(\\.[0-9A-Za-z-]+)*)?$',
});

/** UTC time, ISO 8601 with seconds: `2026-11-23T15:00:00Z`. */
export const Timestamp = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z$' });

export const Port = Type.Integer({ minimum: 0, maximum: 65_535 });
export const AeTitle = Type.String({ pattern: '^[^\\\\\\x00-\\x1f]{1,16}$' });
export const Path = Type.String({ minLength: 1 });

export const LogConfig = strict(
  { level: Type.Enum(['debug', 'info', 'warn', 'error'], { default: 'info' }) },
  { default: {} },
);

export const ReleaseRef = strict({ name: ReleaseName, version: SemanticVersion, sha256: Sha256 });
/** A release by name, version and the SHA-256 of its release.json. */
export type ReleaseRef = Static<typeof ReleaseRef>;
