import { endsWithMarker } from './jpeg-segments.ts';

const START_OF_TILE_PART = 0xff90;
const END_OF_CODESTREAM = 0xffd9;
/** Tiles that a codestream can have (ISO 15444-1 §A.4.2): their index has 16 bits. */
const tilesMax = 65_535;

/**
 * Why a codestream does not hold all of its tiles, told by its tile-part headers alone (ISO 15444-1 §A.4.2); undefined
 * when it does. A decoder may fill with grey what is missing.
 *
 * @param tiles as the size segment has them
 */
export function whyIncomplete(stream: Uint8Array, tiles: number): string | undefined {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (!(tiles >= 1 && tiles <= tilesMax)) return `has ${tiles} tiles`;
  const seen = new Set<number>();
  let at = 2;
  while (at + 2 <= stream.length) {
    const marker = view.getUint16(at);
    if (marker === END_OF_CODESTREAM) break;
    if (marker !== START_OF_TILE_PART && seen.size > 0) break;
    if (at + 12 > stream.length) return 'is cut short';
    if (marker !== START_OF_TILE_PART) {
      at += 2 + view.getUint16(at + 2);
      continue;
    }
    seen.add(view.getUint16(at + 4));
    const length = view.getUint32(at + 6);
    // Without a length the last tile-part goes on to the end, which then has to be there.
    if (length === 0) {
      if (!endsWithMarker(stream)) return 'is cut short';
      break;
    }
    if (length < 12 || at + length > stream.length) return 'is cut short';
    at += length;
  }
  return seen.size === tiles ? undefined : `holds ${seen.size} of ${tiles} tiles`;
}
