import { parseDocument } from 'yaml';
import { CodedError } from '../errors/coded-error.ts';

/**
 * The text of a YAML file with one more item at the end of a top-level list; comments and everything else stay as they
 * are. Throws `config-invalid` where the file is no YAML mapping, or the key no list.
 */
export function addToList(text: string, key: string, item: object, subject: string): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new CodedError('config-invalid', `${subject}: ${error.message}`);
  const list: unknown = document.toJS();
  if (typeof list !== 'object' || list === null || Array.isArray(list))
    throw new CodedError('config-invalid', `${subject}: is no mapping`);
  const had = (list as Readonly<Record<string, unknown>>)[key];
  if (had === undefined || had === null) document.set(key, document.createNode([item]));
  else if (Array.isArray(had)) document.addIn([key], document.createNode(item));
  else throw new CodedError('config-invalid', `${subject}: ${key} is no list`);
  return document.toString({ lineWidth: 0 });
}
