import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorCatalogue } from '../errors/catalogue.ts';
import { eventRegistry } from '../events/registry.ts';
import { renderErrors, renderEvents } from './render-catalogues.ts';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('the pages of errors and events are current (npm run docs writes them)', () => {
  expect(page('errors.md')).toBe(renderErrors(errorCatalogue));
  expect(page('events.md')).toBe(renderEvents(eventRegistry));
});

test('every error says what to do, and no code is spelled otherwise than the rest', () => {
  for (const [code, entry] of Object.entries(errorCatalogue)) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(entry.remedy.length, code).toBeGreaterThan(10);
    for (const sentence of [entry.what, entry.remedy]) expect(sentence, code).toMatch(/^[A-Z0-9/].*[^.]$/);
  }
});

test('no event has a field that could hold a patient or a UID', () => {
  for (const [name, entry] of Object.entries(eventRegistry)) {
    for (const field of entry.fields) expect(field, name).not.toMatch(/patient|uid|accession|birth/i);
  }
});
