import { isObject, type JsonObject } from './json-answer.ts';

/** The key under which a model server's model names the release that it is of: SHA-256 of its release.json, hex. */
export const RELEASE_DIGEST_KEY = 'collimator_release_sha256';

/**
 * The release digest in what a server says of a model, wherever it lets people write such things: `parameters` or
 * `properties` of the metadata (MLServer, KServe), `rt_info.model_info` (OpenVINO), or `parameters` of the configuration
 * (Triton, where a value is `{string_value: …}`). Undefined where none is there, or one that is no digest.
 */
export function releaseDigestIn(metadata: JsonObject, configuration: JsonObject = {}): string | undefined {
  const rtInfo = metadata['rt_info'];
  const places = [
    metadata['parameters'],
    metadata['properties'],
    isObject(rtInfo) ? rtInfo['model_info'] : undefined,
    configuration['parameters'],
  ];
  for (const place of places) {
    const value = isObject(place) ? place[RELEASE_DIGEST_KEY] : undefined;
    const text = isObject(value) ? (value['string_value'] ?? value['value']) : value;
    if (typeof text === 'string' && /^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  }
  return undefined;
}
