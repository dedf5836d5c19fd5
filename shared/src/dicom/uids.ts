/** UIDs that are ours, and how new ones are made (PS3.5 §B.2). */

/** Who writes a file or opens an association (0002,0012): a fixed UUID below 2.25. */
export const IMPLEMENTATION_CLASS_UID = '2.25.314837293813123754999221067831180853862';

/** (0002,0013), at most 16 characters. */
export const IMPLEMENTATION_VERSION_NAME = 'COLLIMATOR_0_1';

/**
 * Instance Creator UID (0008,0014) of every object that a Collimator makes, on whichever appliance:
 * the mark by which it is known when a PACS sends it back or on to another appliance (PS3.3 §C.12.1).
 */
export const INSTANCE_CREATOR_UID = IMPLEMENTATION_CLASS_UID;

/** Manufacturer and Manufacturer's Model Name (0008,0070), (0008,1090) of every object that a Collimator makes. */
export const EQUIPMENT = { manufacturer: 'Collimator', model: 'Collimator edge appliance' } as const;

/**
 * A new UID: `2.25.` and a random (version 4) UUID as one decimal number.
 *
 * @param random 16 random bytes
 * @throws RangeError for another number of bytes
 */
export function newUid(random: Uint8Array): string {
  if (random.length !== 16) throw new RangeError(`a UUID has 16 bytes, not ${random.length}`);
  let value = 0n;
  random.forEach((byte, index) => {
    // RFC 9562 §5.4: version in the high half of byte 6, variant in the top bits of byte 8.
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    value = (value << 8n) | BigInt(marked);
  });
  return `2.25.${value}`;
}

/** PS3.5 §9.1, leading zeros in a component let through as on the network. */
export const isUid = (text: string): boolean => text.length <= 64 && /^[0-9]+(\.[0-9]+)*$/.test(text);

/** SOP classes that the product itself speaks of (PS3.6 Table A-1). */
export const sopClasses = {
  verification: '1.2.840.10008.1.1',
  ctImage: '1.2.840.10008.5.1.4.1.1.2',
  mrImage: '1.2.840.10008.5.1.4.1.1.4',
  secondaryCapture: '1.2.840.10008.5.1.4.1.1.7',
  multiFrameTrueColourSecondaryCapture: '1.2.840.10008.5.1.4.1.1.7.4',
  grayscaleSoftcopyPresentationState: '1.2.840.10008.5.1.4.1.1.11.1',
  parametricMap: '1.2.840.10008.5.1.4.1.1.30',
  segmentation: '1.2.840.10008.5.1.4.1.1.66.4',
  enhancedSr: '1.2.840.10008.5.1.4.1.1.88.22',
  comprehensiveSr: '1.2.840.10008.5.1.4.1.1.88.33',
  comprehensive3dSr: '1.2.840.10008.5.1.4.1.1.88.34',
  keyObjectSelection: '1.2.840.10008.5.1.4.1.1.88.59',
} as const;
