import { expect, it } from 'vitest';
import { configReference, undocumented } from './reference.ts';

it('every key of the configuration has a meaning, and every meaning a key', () => {
  expect(undocumented()).toEqual([]);
});

it('the page is what the schema says; run vitest with -u after a change', async () => {
  await expect(configReference()).toMatchFileSnapshot('../../docs/configuration.md');
});
