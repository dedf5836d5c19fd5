/** PS3.5 §9.1: at most 64 characters. */
export const UID_LENGTH_MAX = 64;

const shape = /^[0-9]+(\.[0-9]+)*$/;

/**
 * Whether a UID can be taken as an identifier (PS3.5 §9.1).
 * Leading zeros in a component are let through, although the standard forbids them: devices that write them
 * exist, the value stays unique, and refusing it would cost an image.
 */
export const isUid = (text: string): boolean => text.length <= UID_LENGTH_MAX && shape.test(text);

/** Names of UIDs this library speaks of itself (PS3.6 Annex A). */
export const VERIFICATION = '1.2.840.10008.1.1';
export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1';
export const IMPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2';
