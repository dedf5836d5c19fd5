/** What a checker tells of one place in a document. */
export type RawError = { keyword: string; schemaPath: string; instancePath: string; message: string; params: object };

const branchOf = /^(.*)(\/anyOf\/\d+)\/properties\/[^/]+$/;

/**
 * Leaves out what was told of the branches of a union that the document did not choose. A branch is not chosen when a
 * constant of its own, such as `kind`, has another value; where none is chosen, only these constants are told of.
 */
export function ofChosenBranch(errors: readonly RawError[]): readonly RawError[] {
  const branches = errors.flatMap((error) => {
    const match = error.keyword === 'const' ? branchOf.exec(error.schemaPath) : null;
    if (match === null) return [];
    const [, union = '', branch = ''] = match;
    return [{ union, branch: union + branch, instance: error.instancePath.replace(/\/[^/]*$/, ''), error }];
  });
  // The outermost first: inside of a branch that is not chosen, no other one is.
  const notChosen = branches.sort((a, b) => a.branch.length - b.branch.length);
  const within = (error: RawError, schema: string, instance: string): boolean =>
    startsAt(error.schemaPath, schema) && startsAt(error.instancePath, instance);
  return errors.filter((error) => {
    const its = notChosen.find(({ branch, instance }) => within(error, branch, instance));
    if (its === undefined) return true;
    const chosen = errors.some(
      (other) =>
        within(other, `${its.union}/anyOf`, its.instance) &&
        !notChosen.some(({ branch, instance }) => within(other, branch, instance)),
    );
    return !chosen && error === its.error;
  });
}

/**
 * Leaves out what was told of the branches of a union that the document is of another form than (another type, another
 * constant, a key missing that only such a branch requires), where it is of the form of another branch.
 */
export function ofFittingForm(errors: readonly RawError[], schema: object): readonly RawError[] {
  const unfit = errors.flatMap((error) => {
    const [, union = ''] = /^(.*\/anyOf)\/\d+$/.exec(error.schemaPath) ?? [];
    return union !== '' && isMismatch(error, schema) ? [{ union, ...error }] : [];
  });
  const isOf = (error: RawError, schemaPath: string, instancePath: string): boolean =>
    startsAt(error.schemaPath, schemaPath) && startsAt(error.instancePath, instancePath);
  return errors.filter((error) => {
    const its = unfit.find(({ schemaPath, instancePath }) => isOf(error, schemaPath, instancePath));
    if (its === undefined) return true;
    const branches = unfit.filter(
      ({ union, instancePath }) => union === its.union && instancePath === its.instancePath,
    );
    return !errors.some(
      (other) =>
        isOf(other, its.union, its.instancePath) &&
        !branches.some(({ schemaPath, instancePath }) => isOf(other, schemaPath, instancePath)),
    );
  });
}

/** Whether an error says that a value is of another form altogether. */
function isMismatch({ keyword, params, schemaPath }: RawError, schema: object): boolean {
  if (keyword === 'type' || keyword === 'const') return true;
  const { requiredProperties: keys = [] } = params as { readonly requiredProperties?: readonly string[] };
  return keyword === 'required' && keys.some((key) => !hasDefault(schema, schemaPath, key));
}

const startsAt = (path: string, start: string): boolean => path === start || path.startsWith(`${start}/`);

/**
 * Whether a key that is missing would have had a default: defaults are only filled in where a branch of a union fits,
 * so that in one that does not, every such key seems to be missing.
 */
export function hasDefault(schema: object, schemaPath: string, key: string): boolean {
  let node: unknown = schema;
  for (const step of [...schemaPath.split('/').slice(1), 'properties', key])
    node = (node as Readonly<Record<string, unknown>> | undefined)?.[step];
  return (node as { readonly default?: unknown } | undefined)?.default !== undefined;
}
