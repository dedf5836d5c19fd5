import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../', import.meta.url));
const worker = 'study/infer/worker/';

describe('ONNX Runtime', () => {
  it('is loaded in the child only: the supervisor imports neither it nor what imports it', async () => {
    const entries = await readdir(source, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && /(?<!\.test)\.ts$/.test(entry.name))
      .map((entry) => relative(source, join(entry.parentPath, entry.name)));
    const importing = async (pattern: RegExp): Promise<string[]> => {
      const found: string[] = [];
      for (const file of files) if (pattern.test(await readFile(join(source, file), 'utf8'))) found.push(file);
      return found;
    };
    const native = await importing(/from 'onnxruntime|import\('onnxruntime/);
    expect(native).not.toEqual([]);
    expect(native.filter((file) => !file.startsWith(worker))).toEqual([]);
    const intoWorker = await importing(/(?<!import type [^;]*)(from|import\() ?'[^']*\/worker\/[^']*\.ts'/);
    expect(intoWorker.filter((file) => file.startsWith('study/') && !file.startsWith(worker))).toEqual([]);
  });
});
