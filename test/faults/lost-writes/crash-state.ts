import type { Change } from './trace.ts';

export type FileNode = {
  readonly kind: 'file';
  readonly mode: number;
  /** What the disk has for sure. */
  durable: Uint8Array;
  /** Written or cut since the last sync. */
  pending: (Extract<Change, { kind: 'written' }> | Extract<Change, { kind: 'cut' }>)[];
};

export type FolderNode = {
  readonly kind: 'folder';
  readonly mode: number;
  /** Names as the program sees them. */
  now: Map<string, Node>;
  /** Names as of the last sync of the folder. */
  durable: Map<string, Node>;
};

export type Node = FileNode | FolderNode;

/** A tree at rest: all of it is durable. */
export type Disk = { readonly root: FolderNode; readonly byInode: Map<bigint, Node> };

export const file = (mode: number, durable: Uint8Array = new Uint8Array(0)): FileNode => ({
  kind: 'file',
  mode,
  durable,
  pending: [],
});

export const folder = (mode: number): FolderNode => ({ kind: 'folder', mode, now: new Map(), durable: new Map() });

const always = (): boolean => true;

/**
 * Runs a trace on a disk: a sync of a file makes its bytes durable, a sync of a folder its names. That is the least
 * that POSIX promises; a real file system keeps more, and no program may count on it.
 */
export function replay({ root, byInode }: Disk, trace: Iterable<Change>): void {
  for (const change of trace) {
    switch (change.kind) {
      case 'created':
      case 'folder-made': {
        const made = change.kind === 'created' ? file(change.mode) : folder(change.mode);
        byInode.set(change.inode, made);
        place(root, change.path, made);
        break;
      }
      case 'written':
      case 'cut': {
        const target = byInode.get(change.inode);
        if (target?.kind !== 'file') throw new Error(`a change of inode ${change.inode}, which is no known file`);
        target.pending.push(change);
        break;
      }
      case 'synced': {
        const target = byInode.get(change.inode);
        if (target === undefined) throw new Error(`a sync of inode ${change.inode}, which is not known`);
        if (target.kind === 'folder') target.durable = new Map(target.now);
        else settle(target, always);
        break;
      }
      case 'renamed': {
        const moved = take(root, change.from);
        place(root, change.to, moved);
        break;
      }
      case 'linked':
        place(root, change.to, find(root, change.from));
        break;
      case 'unlinked':
      case 'folder-removed':
        take(root, change.path);
        break;
    }
  }
}

/**
 * The power goes: of what was not synced, `kept` decides change by change what had reached the disk all the same.
 * Never anything: the worst case. Always: what a crash of the program alone leaves.
 */
export function powerCut({ root }: Disk, kept: () => boolean): void {
  const seen = new Set<Node>();
  const settleAll = (node: Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.kind === 'file') return settle(node, kept);
    for (const name of new Set([...node.now.keys(), ...node.durable.keys()])) {
      const [now, then] = [node.now.get(name), node.durable.get(name)];
      if (now === then || !kept()) continue;
      if (now === undefined) node.durable.delete(name);
      else node.durable.set(name, now);
    }
    node.now = new Map(node.durable);
    for (const child of node.durable.values()) settleAll(child);
  };
  settleAll(root);
}

function settle(target: FileNode, kept: () => boolean): void {
  const changes = target.pending.filter(kept);
  target.pending = [];
  if (changes.length === 0) return;
  const ends = changes.map((one) => (one.kind === 'cut' ? one.size : one.offset + one.data.length));
  const bytes = new Uint8Array(Math.max(target.durable.length, ...ends));
  bytes.set(target.durable);
  let length = target.durable.length;
  for (const change of changes) {
    if (change.kind === 'written') {
      bytes.set(change.data, change.offset);
      length = Math.max(length, change.offset + change.data.length);
    } else {
      // What is cut off and written over later in parts reads as zeros between them.
      bytes.fill(0, change.size, length);
      length = change.size;
    }
  }
  target.durable = bytes.subarray(0, length);
}

function place(root: FolderNode, path: string, node: Node): void {
  const [parent, name] = parentOf(root, path);
  parent.now.set(name, node);
}

function take(root: FolderNode, path: string): Node {
  const [parent, name] = parentOf(root, path);
  const node = parent.now.get(name);
  if (node === undefined) throw new Error(`${path} is not there`);
  parent.now.delete(name);
  return node;
}

function find(root: FolderNode, path: string): Node {
  const [parent, name] = parentOf(root, path);
  const node = parent.now.get(name);
  if (node === undefined) throw new Error(`${path} is not there`);
  return node;
}

function parentOf(root: FolderNode, path: string): readonly [FolderNode, string] {
  const parts = path.split('/').filter(Boolean);
  const name = parts.pop();
  if (name === undefined) throw new Error('the folder itself has no name in it');
  let at = root;
  for (const part of parts) {
    const next = at.now.get(part);
    if (next?.kind !== 'folder') throw new Error(`${path}: ${part} is no folder`);
    at = next;
  }
  return [at, name];
}
