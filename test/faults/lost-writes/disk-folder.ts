import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, file, folder, type FolderNode, type Node } from './crash-state.ts';

/** SQLite's index of its log lies in shared memory, which no crash leaves and no trace sees. */
export const isShared = (name: string): boolean => name.endsWith('-shm');

/** Reads a folder as it lies there, all of it durable. */
export function readDisk(path: string): Disk {
  const byInode = new Map<bigint, Node>();
  const read = (at: string): Node => {
    const { ino, mode } = lstatSync(at, { bigint: true });
    const known = byInode.get(ino);
    if (known !== undefined) return known;
    const kept = Number(mode) & 0o7777;
    const node = lstatSync(at).isDirectory() ? folder(kept) : file(kept, new Uint8Array(readFileSync(at)));
    byInode.set(ino, node);
    if (node.kind === 'folder') {
      for (const name of readdirSync(at)) node.now.set(name, read(join(at, name)));
      node.durable = new Map(node.now);
    }
    return node;
  };
  const root = read(path);
  if (root.kind !== 'folder') throw new Error(`${path} is no folder`);
  return { root, byInode };
}

/** Makes a folder hold what is durable, and nothing else; hard links stay hard links. */
export function writeDisk({ root }: Disk, path: string): void {
  rmSync(path, { recursive: true, force: true });
  const placed = new Map<Node, string>();
  const write = (node: Node, at: string): void => {
    const first = placed.get(node);
    if (node.kind === 'folder') writeFolder(node, at);
    else if (first === undefined) writeFileSync(at, node.durable, { mode: node.mode });
    else return linkSync(first, at);
    placed.set(node, at);
    chmodSync(at, node.mode);
  };
  const writeFolder = (node: FolderNode, at: string): void => {
    mkdirSync(at);
    for (const [name, child] of node.durable) if (!isShared(name)) write(child, join(at, name));
  };
  write(root, path);
}
