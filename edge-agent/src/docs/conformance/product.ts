import { storageSopClasses } from '../../dimse/index.ts';
import { documentedKeys } from '../../config/reference.ts';
import { table } from '../markdown.ts';
import dicomParser from 'dicom-parser';
import type { ExampleObjects } from './example-objects.ts';

/** The keys of the configuration below these, with their standard values. */
export function keyTable(...prefixes: readonly string[]): string {
  const keys = documentedKeys().filter(({ path }) => prefixes.some((prefix) => path === prefix || under(path, prefix)));
  return table(
    ['key', 'when not given', 'meaning'],
    keys.map(({ path, standard, meaning }) => [`\`${path}\``, standard, meaning]),
  );
}

const under = (path: string, prefix: string): boolean =>
  path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[]`);

/** The standard value of a key, for a sentence. */
export function standardOf(path: string): string {
  const key = documentedKeys().find((one) => one.path === path);
  if (key === undefined) throw new RangeError(`there is no key ${path}`);
  return key.standard.replaceAll('`', '');
}

export type MadeClass = { readonly sopClassUid: string; readonly name: string; readonly transferSyntaxUid: string };

/** The SOP classes that we make, as their files name them, each once. */
export function madeClasses(objects: ExampleObjects): readonly MadeClass[] {
  const made = Object.values(objects).map((file: Uint8Array) => {
    const meta = dicomParser.readPart10Header(file);
    const sopClassUid = meta.string('x00020002') ?? '';
    return { sopClassUid, name: classNameOf(sopClassUid), transferSyntaxUid: meta.string('x00020010') ?? '' };
  });
  return made.filter(({ sopClassUid }, i) => made.findIndex((one) => one.sopClassUid === sopClassUid) === i);
}

export function classNameOf(sopClassUid: string): string {
  const name = storageSopClasses[sopClassUid];
  if (name === undefined) throw new RangeError(`${sopClassUid} is no storage SOP class`);
  return name;
}
