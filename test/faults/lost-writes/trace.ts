import { readFileSync } from 'node:fs';

/** One record of recorder.c; paths are relative to the recorded folder. */
export type Change =
  | { readonly kind: 'created' | 'folder-made'; readonly inode: bigint; readonly mode: number; readonly path: string }
  | { readonly kind: 'written'; readonly inode: bigint; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'cut'; readonly inode: bigint; readonly size: number }
  | { readonly kind: 'synced'; readonly inode: bigint }
  | { readonly kind: 'renamed' | 'linked'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlinked' | 'folder-removed'; readonly path: string };

const headBytes = 25;

/** Reads a trace. A last record that a kill cut off is left out: what it tells of had no witness. */
export function readTrace(file: string): Change[] {
  const bytes = readFileSync(file);
  const changes: Change[] = [];
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at);
    if (at + length > bytes.length) break;
    changes.push(changeOf(bytes.subarray(at, at + length)));
    at += length;
  }
  return changes;
}

function changeOf(record: Buffer): Change {
  const kind = String.fromCharCode(record.readUInt8(4));
  const inode = record.readBigUInt64LE(5);
  const number = Number(record.readBigUInt64LE(13));
  const oneEnd = headBytes + record.readUInt16LE(21);
  const twoEnd = oneEnd + record.readUInt16LE(23);
  const one = record.toString('utf8', headBytes, oneEnd);
  const two = record.toString('utf8', oneEnd, twoEnd);
  switch (kind) {
    case 'C':
      return { kind: 'created', inode, mode: number, path: one };
    case 'D':
      return { kind: 'folder-made', inode, mode: number, path: one };
    case 'W':
      return { kind: 'written', inode, offset: number, data: record.subarray(twoEnd) };
    case 'T':
      return { kind: 'cut', inode, size: number };
    case 'S':
      return { kind: 'synced', inode };
    case 'R':
      return { kind: 'renamed', from: one, to: two };
    case 'L':
      return { kind: 'linked', from: one, to: two };
    case 'U':
      return { kind: 'unlinked', path: one };
    case 'X':
      return { kind: 'folder-removed', path: one };
    default:
      throw new Error(`a trace record of kind ${JSON.stringify(kind)}`);
  }
}
