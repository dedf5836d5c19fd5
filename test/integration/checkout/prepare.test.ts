import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout } from '../../demo/checkout.ts';

const prepare = (args: readonly string[], env: NodeJS.ProcessEnv) =>
  spawnSync(process.execPath, [join(checkout, 'provisioning', 'checkout', 'prepare.mjs'), ...args], {
    env,
    encoding: 'utf8',
  });

test('without the peers and without apt-get it names every missing package in one line to paste, and fails', () => {
  const { status, stderr } = prepare(['--peers'], { PATH: '' });
  expect(status).toBe(1);
  const line = stderr.split('\n').find((each) => each.includes('apt-get install'));
  expect(line).toMatch(/^ {2}sudo apt-get update && sudo apt-get install -y --no-install-recommends /);
  for (const name of ['dcmtk', 'dicom3tools', 'default-jre-headless']) expect(line).toContain(` ${name}`);
});

test('what is installed and built already is left alone', () => {
  const built = join(checkout, 'shared', 'dist', 'result.js');
  const before = statSync(built).mtimeMs;
  const { status, stderr } = prepare(['--peers'], process.env);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(statSync(built).mtimeMs).toBe(before);
});
