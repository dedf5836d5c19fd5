import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { CodedError } from '../errors/coded-error.ts';
import { err, ok, type Result } from '../result.ts';
import { hasDefault, ofChosenBranch, ofFittingForm, type RawError } from './chosen-branch.ts';

/** One thing wrong with a document: where (dotted path) and what. */
export type Problem = { readonly path: string; readonly what: string };

export interface Validator<S extends TSchema> {
  /** All problems at once, or the value with defaults filled in. The input is not changed. */
  check(value: unknown): Result<Static<S>, readonly Problem[]>;
  /** The value, or a thrown `config-invalid` naming every problem. `subject` is the file or message. */
  parse(value: unknown, subject: string): Static<S>;
}

/** Problems told of one document; beyond this a file is of another kind altogether. */
const problemsMax = 200;
/** What the library tells of all branches of all unions, of which most are not chosen. Its own bound is 8. */
const rawErrorsMax = 5_000;
Settings.Set({ maxErrors: rawErrorsMax });

/**
 * Compiles a schema once, when it is first needed: a program knows many more than it meets. The same validator serves
 * every boundary that the schema describes.
 *
 * @param explicit writes out what a document may leave unsaid and that a union is chosen by, so that only the branch
 *   that is meant is told of
 */
export function validator<S extends TSchema>(
  schema: S,
  explicit: (value: unknown) => unknown = (value) => value,
): Validator<S> {
  let known: ReturnType<typeof Compile<S>> | undefined;
  const check = (value: unknown): Result<Static<S>, readonly Problem[]> => {
    known ??= Compile(schema);
    const compiled = known;
    const filled = Value.Default(schema, structuredClone(value));
    if (compiled.Check(filled)) return ok(filled);
    return err(problemsOf(compiled.Errors(explicit(filled)), schema).slice(0, problemsMax));
  };
  return {
    check,
    parse(value, subject) {
      const result = check(value);
      if (result.ok) return result.value;
      throw new CodedError('config-invalid', `${subject}: ${formatProblems(result.error)}`);
    },
  };
}

export const formatProblems = (problems: readonly Problem[]): string =>
  problems.map((p) => `${p.path || '(top)'} ${p.what}`).join('; ');

/** Folds the checker's raw errors into one line a path: an unknown key is named where it stands. */
function problemsOf(errors: readonly RawError[], schema: TSchema): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, what: string) => {
    if (!problems.some((p) => p.path === path && p.what === what)) problems.push({ path, what });
  };
  const params = (e: RawError) => e.params as Record<string, unknown>;
  for (const e of ofFittingForm(ofChosenBranch(errors), schema)) {
    const path = dotted(e.instancePath);
    if (e.keyword === 'additionalProperties') {
      for (const key of params(e)['additionalProperties'] as string[]) add(join(path, key), 'is not a known key');
    } else if (e.keyword === 'required') {
      for (const key of params(e)['requiredProperties'] as string[])
        if (!hasDefault(schema, e.schemaPath, key)) add(join(path, key), 'is missing');
    } else if (e.keyword === 'const') {
      add(path, `must be ${JSON.stringify(params(e)['allowedValue'])}`);
    } else if (e.keyword === 'enum') {
      add(path, `must be one of ${JSON.stringify(params(e)['allowedValues'])}`);
    } else if (e.keyword !== 'boolean' && e.keyword !== 'anyOf' && e.keyword !== 'oneOf' && e.keyword !== 'not') {
      add(path, e.message);
    }
  }
  return problems.length > 0 ? problems : [{ path: '', what: 'does not fit the schema' }];
}

const dotted = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : join(path, part)), '');

const join = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
