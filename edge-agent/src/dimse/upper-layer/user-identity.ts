import { createHash, timingSafeEqual } from 'node:crypto';
import type { UserIdentity } from './pdu.ts';

/** Decides whether the identity that a requestor claims, or that it claims none, is good enough (PS3.7 §D.3.3.7). */
export type Identify = (claimed: UserIdentity | undefined) => boolean;

const USERNAME = 1;
const USERNAME_AND_PASSCODE = 2;

/**
 * One user by name, and by passcode where one is given. The comparison takes the same time wherever the first
 * difference is, so that nothing can be guessed piece by piece.
 */
export function oneUser(name: string, passcode?: string): Identify {
  return (claimed) => {
    if (claimed === undefined) return false;
    const type = passcode === undefined ? [USERNAME, USERNAME_AND_PASSCODE] : [USERNAME_AND_PASSCODE];
    const nameIs = same(claimed.primary, name);
    const passcodeIs = passcode === undefined || same(claimed.secondary, passcode);
    return type.includes(claimed.type) && nameIs && passcodeIs;
  };
}

/** Digests have one length, which the comparison needs and which hides that of what is expected. */
const same = (given: Uint8Array, expected: string): boolean =>
  timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(expected, 'utf8').digest());
