import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Type from 'typebox';
import { afterAll, expect, test } from 'vitest';
import { strict } from '../contracts/common.ts';
import { validator } from '../contracts/validate.ts';
import { loadConfig } from './load-config.ts';

const dir = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const check = validator(
  strict({ http: strict({ port: Type.Integer({ default: 80 }) }), names: Type.Array(Type.String()) }),
);
const write = (text: string): string => {
  const file = join(dir, `${text.length}.yaml`);
  writeFileSync(file, text);
  return file;
};
const options = (env: Record<string, string> = {}) => ({ env, envPrefix: 'APP' });

test('reads a file, fills in defaults and lets the environment override single values', () => {
  const file = write('http: { port: 1 }\nnames: [a, b]\n');
  expect(loadConfig(check, file, options())).toEqual({ http: { port: 1 }, names: ['a', 'b'] });
  expect(loadConfig(check, file, options({ APP__HTTP__PORT: '9', APP__NAMES__1: 'z', OTHER__X: '1' }))).toEqual({
    http: { port: 9 },
    names: ['a', 'z'],
  });
});

test('names all problems of a file at once', () => {
  const file = write('http: { port: x, tls: 1 }\nnames: 5\n');
  expect(() => loadConfig(check, file, options({ APP__COLOUR: 'red' }))).toThrow(/http\.tls.*http\.port.*names|colour/);
});

test('an unknown variable with our prefix is a problem too', () => {
  expect(() => loadConfig(check, write('http: {}\nnames: []'), options({ APP__COLOUR: 'red' }))).toThrow(
    /colour is not a known key/,
  );
});

test.each([
  ['a: 1\na: 2\n', /unique/],
  ['a: [1\n', /config|flow|]/i],
])('refuses %j', (text, reason) => expect(() => loadConfig(check, write(text), options())).toThrow(reason));

test('a missing file is named', () => {
  expect(() => loadConfig(check, join(dir, 'none.yaml'), options())).toThrow(/none\.yaml \(ENOENT\)/);
});
