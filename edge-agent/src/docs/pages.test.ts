import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { peersCommand } from '../cli/peers-command.ts';
import { quarantineCommand } from '../cli/quarantine-command.ts';
import { studiesCommand } from '../cli/studies-command.ts';
import { configKeys } from '../config/reference.ts';
import { status } from '../dimse/index.ts';
import { RELEASE_DIGEST_KEY } from '../study/infer/worker/remote/release-digest.ts';
import { storeAnswers } from '../study/receive/store-answers.ts';
import { anchor } from './markdown.ts';
import { documentedMetrics, metricsPage } from './metrics-page.ts';

// What the pages for users name must be there: keys, metrics, commands, other pages.

const folder = new URL('../../docs/', import.meta.url);
const pages = [
  ...readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ name, at: new URL(name, folder) })),
  { name: 'README.md', at: new URL('../../README.md', import.meta.url) },
].map((page) => ({ ...page, text: readFileSync(page.at, 'utf8') }));

test.each(pages)('$name names keys of the configuration that there are', ({ text }) => {
  const known = configKeys().map(({ path }) => path.replaceAll('[]', ''));
  const named = [
    ...text.matchAll(/`((?:dicom|assembly|priors|destinations|routes|telemetry)(?:\[\])?\.[a-z_.[\]]+)(?:[`:])/g),
  ];
  for (const [, path = ''] of named) {
    const plain = path.replaceAll('[]', '');
    expect(
      known.some((key) => key === plain || key.startsWith(`${plain}.`)),
      path,
    ).toBe(true);
  }
});

test.each(pages)('$name names metrics that there are', ({ text }) => {
  const metrics = new Set(documentedMetrics().map(({ name }) => name));
  // What prom-client tells of Node itself is under one prefix and not listed.
  for (const [, name = ''] of text.matchAll(/`((?:collimator|DCGM)_[A-Za-z_]+)/g))
    expect(metrics.has(name) || name === 'collimator_agent_' || RELEASE_DIGEST_KEY.startsWith(name), name).toBe(true);
});

test.each(pages)('$name names commands that there are', ({ text }) => {
  const groups = [peersCommand(), studiesCommand(), quarantineCommand()];
  const known = groups.flatMap((group) => group.commands.map((command) => `${group.name()} ${command.name()}`));
  for (const [, named = ''] of text.matchAll(/`(?:collimator )?agent ((?:peers|studies|quarantine) [a-z-]+)/g))
    expect(known).toContain(named);
});

test.each(pages)('$name leads to pages and headings that there are', ({ text, at }) => {
  for (const [, to = '', heading] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
    const target = to === '' ? at : new URL(to, at);
    expect(existsSync(target), to).toBe(true);
    if (heading === undefined) continue;
    const headings = [...readFileSync(target, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, words = '']) => anchor(words));
    expect(headings, `${to}#${heading}`).toContain(heading);
  }
});

test('operating.md tells of the statuses that there are, and of no other', () => {
  const { text = '' } = pages.find(({ name }) => name === 'operating.md') ?? {};
  const section = text.split('## What a sender is told\n')[1]?.split('\n## ')[0] ?? '';
  const named = [...section.matchAll(/^\| ([0-9A-F]{4}) \|/gm)].map(([, code = '']) => Number.parseInt(code, 16));
  const answered = Object.values(storeAnswers).map(({ code }) => code);
  const { processingFailure, invalidObjectInstance, sopClassNotSupported } = status;
  expect(named.sort((a, b) => a - b)).toEqual(
    [...answered, processingFailure, invalidObjectInstance, sopClassNotSupported].sort((a, b) => a - b),
  );
});

test('metrics.md is what the program registers; `npm run docs` writes it', () => {
  expect(pages.find(({ name }) => name === 'metrics.md')?.text).toBe(metricsPage());
});
