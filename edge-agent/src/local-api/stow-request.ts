import { isUid } from '@collimator/shared/dicom/uids';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { err, ok, type Result } from '@collimator/shared/result';

/** Why a request is refused before its body is read. */
export type StowRefusal = {
  readonly http: 400 | 401 | 403 | 406 | 413 | 415 | 503;
  readonly code: ErrorCode;
  readonly why: string;
};

export type StowRequest = {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLength: string | undefined;
  readonly accept: string | undefined;
  /** Of the address that was posted to; undefined where it names no study. */
  readonly study: string | undefined;
};

/** The answer is given in one form only (PS3.18 §10.5.3.3 leaves the choice where a client takes several). */
export const ANSWER_TYPE = 'application/dicom+json';
const accepted = new Set([ANSWER_TYPE, 'application/json', 'application/*', '*/*']);

/**
 * What the header lines of a request say (PS3.18 §10.5.1).
 *
 * @returns the boundary of its body
 */
export function readStowRequest(
  request: StowRequest,
  { bytesMax }: { readonly bytesMax: number },
): Result<{ readonly boundary: string }, StowRefusal> {
  if (request.study !== undefined && !isUid(request.study))
    return refuse(400, 'stow-malformed', 'the study in the address is no UID');
  if (!acceptsJson(request.accept)) return refuse(406, 'stow-not-acceptable', `${ANSWER_TYPE} is not accepted`);
  const { type, parameters } = mediaType(request.contentType ?? '');
  if (type !== 'multipart/related') return refuse(415, 'stow-media-type', 'it is not multipart/related');
  if ((parameters.get('type') ?? 'application/dicom').toLowerCase() !== 'application/dicom')
    return refuse(415, 'stow-media-type', 'its parts are not application/dicom');
  if ((request.contentEncoding ?? 'identity').toLowerCase() !== 'identity')
    return refuse(415, 'stow-media-type', 'it has a content encoding');
  const boundary = parameters.get('boundary') ?? '';
  if (!isBoundary(boundary)) return refuse(400, 'stow-malformed', 'the boundary is missing or none');
  if (Number(request.contentLength ?? 0) > bytesMax)
    return refuse(413, 'stow-too-large', `the body is longer than ${bytesMax} bytes`);
  return ok({ boundary });
}

/** Anything but a weight of 0; an absent Accept takes everything (RFC 9110 §12.5.1). */
function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const { type, parameters } = mediaType(range);
    return accepted.has(type) && Number(parameters.get('q') ?? 1) > 0;
  });
}

/** RFC 2046 §5.1.1, which allows 70 characters; Orthanc takes 73. */
const isBoundary = (text: string): boolean => /^[0-9A-Za-z'()+_,\-./:=? ]{0,199}[0-9A-Za-z'()+_,\-./:=?]$/.test(text);

/** A media type and its parameters (RFC 9110 §8.3.1), names and type in lower case. */
function mediaType(text: string): { readonly type: string; readonly parameters: ReadonlyMap<string, string> } {
  const [type = ''] = text.split(';');
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, plain] of text
    .slice(type.length)
    .matchAll(/;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/g))
    parameters.set(name.toLowerCase(), quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  return { type: type.trim().toLowerCase(), parameters };
}

const refuse = (http: StowRefusal['http'], code: ErrorCode, why: string): Result<never, StowRefusal> =>
  err({ http, code, why });
