import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkout } from '../../demo/checkout.ts';
import { powerCut } from './crash-state.ts';
import { isShared, readDisk, writeDisk } from './disk-folder.ts';
import { createRecorder, type Recorder } from './recorder.ts';

// The layer that takes unsynced writes away must itself be seen to lose them, and nothing else.

const writer = join(checkout, 'test', 'faults', 'lost-writes', 'control-writer.mjs');

describe('a power cut under a writer that syncs some of what it writes', () => {
  let scratch: string;
  let data: string;
  let recorder: Recorder;

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'lost-writes-'));
    data = join(scratch, 'data');
    mkdirSync(data);
    recorder = createRecorder(data, scratch);
    recorder.begin();
    const child = spawn(process.execPath, [writer, data], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...recorder.env },
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  afterEach(() => rmSync(scratch, { recursive: true }));

  const text = (name: string): string => readFileSync(join(data, name), 'utf8');
  const rows = (name: string): number => {
    const database = new Database(join(data, name));
    try {
      return (database.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n;
    } finally {
      database.close();
    }
  };

  test('the trace holds every change: replayed without loss it gives the very folder', () => {
    const disk = recorder.replayed();
    powerCut(disk, () => true);
    const copy = join(scratch, 'copy');
    writeDisk(disk, copy);
    expect(contents(copy)).toEqual(contents(data));
  });

  test('what was not synced is gone, and what was is there', () => {
    expect(text('kept/unsynced')).toBe('nothing of it');
    expect(text('kept/pooled')).toBe('one two three  and five');
    expect(rows('OFF.sqlite')).toBe(100);
    recorder.cutPower(() => false);
    expect(text('kept/synced')).toBe('all of it');
    expect(text('kept/unsynced')).toBe('');
    expect(text('kept/new')).toBe('renamed');
    expect(existsSync(join(data, 'kept/old'))).toBe(false);
    expect(text('kept/name-not-synced'), 'a removal that was not synced').toBe('no name');
    expect(existsSync(join(data, 'not-kept/file'))).toBe(false);
    expect(text('kept/grown')).toBe('first');
    expect(text('kept/linked')).toBe('first');
    expect(text('kept/pooled')).toBe('one two three four');
    expect(rows('FULL.sqlite'), 'commits with synchronous=FULL').toBe(100);
    expect(rows('OFF.sqlite'), 'commits with synchronous=OFF').toBeLessThan(100);
  });
});

/** Path and content of every file; names of folders. */
function contents(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (node: ReturnType<typeof readDisk>['root'], path: string): void => {
    for (const [name, child] of node.durable) {
      if (isShared(name)) continue;
      if (child.kind === 'folder') walk(child, `${path}/${name}`);
      found[`${path}/${name}`] =
        child.kind === 'folder' ? 'folder' : `${child.mode} ${Buffer.from(child.durable).toString('base64')}`;
    }
  };
  walk(readDisk(folder).root, '');
  return found;
}
