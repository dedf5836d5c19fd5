import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { releaseDeclaration, type Stage } from './release.ts';

const example = (path: string): { stages: Record<string, unknown>[] } =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')) as {
    stages: Record<string, unknown>[];
  };
const classification = () => example('edge-agent/docs/examples/pipelines/classification.json');
/** A stage of it does not say its task. */
const segmentation = () => example('hub/docs/examples/release.json');

const changed = (document: ReturnType<typeof example>, change: (stage: Record<string, unknown>) => void) => {
  change(document.stages[0] as Record<string, unknown>);
  const checked = releaseDeclaration.check(document);
  return checked.ok ? [] : checked.error.map(({ path, what }) => `${path} ${what}`);
};

test('a stage is told of as the task it is of, and nothing else', () => {
  expect(changed(segmentation(), (stage) => (stage['colour'] = 1))).toEqual(['stages[0].colour is not a known key']);
  expect(changed(segmentation(), (stage) => (stage['batch_sizes'] = []))).toEqual([
    'stages[0].batch_sizes must not have fewer than 1 items',
  ]);
  expect(changed(classification(), (stage) => delete stage['labels'])).toEqual(['stages[0].labels is missing']);
  expect(
    changed(classification(), (stage) => {
      (stage['preprocessing'] as Stage['preprocessing'])[1] = { op: 'window', center: 1, width: 2, to: [0] as never };
    }),
  ).toEqual(['stages[0].preprocessing[1].to must not have fewer than 2 items']);
  expect(changed(classification(), (stage) => (stage['task'] = 'guess'))).toContain(
    'stages[0].task must be "classification"',
  );
});

test('a stage that does not say its task stays as it was written', () => {
  const parsed = releaseDeclaration.parse(segmentation(), 'release.json');
  expect(parsed.stages[0]).not.toHaveProperty('task');
});
