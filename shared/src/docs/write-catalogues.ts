import { mkdirSync, writeFileSync } from 'node:fs';
import { errorCatalogue } from '../errors/catalogue.ts';
import { eventRegistry } from '../events/registry.ts';
import { renderErrors, renderEvents } from './render-catalogues.ts';

const folder = new URL('../../docs/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('errors.md', folder), renderErrors(errorCatalogue));
writeFileSync(new URL('events.md', folder), renderEvents(eventRegistry));
