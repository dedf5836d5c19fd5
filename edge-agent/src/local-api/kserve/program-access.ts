import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { ok, type Result } from '@collimator/shared/result';
import { type ApiCaller, identify } from '../access.ts';
import { whyOfAnotherPage } from '../same-origin.ts';
import type { KserveProgram } from './deps.ts';
import { type KserveRefusal, refuse } from './refusal.ts';

/**
 * Which program asks. Where this machine needs to prove nothing, a page that somebody here looks at in a browser still
 * is none of the programs.
 *
 * @param ownHost as `local_api.host` says
 */
export function programOf(
  caller: ApiCaller,
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  programs: readonly KserveProgram[],
  ownHost: string,
): Result<KserveProgram, KserveRefusal> {
  const found = identify(caller, programs);
  if (!found.ok) {
    const { http, why } = found.error;
    return refuse(http, http === 401 ? 'kserve-unauthorized' : 'kserve-forbidden', why);
  }
  if (found.value.unproved !== true) return ok(found.value);
  const why = whyOfAnotherPage(headers, ownHost, { encrypted: socket instanceof TLSSocket });
  return why === undefined ? ok(found.value) : refuse(403, 'kserve-forbidden', why);
}
