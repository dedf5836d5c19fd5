import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Release, type ReleaseDraft, releaseDraft } from '@collimator/shared/contracts/release';
import { formatProblems } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { releaseJsonName } from '@collimator/shared/release/file-list';

/** Reads what a training run left. @throws CodedError `release-invalid` with every problem at once */
export async function readDraft(folder: string): Promise<ReleaseDraft> {
  const path = join(folder, releaseJsonName);
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new CodedError('release-invalid', `${path}: ${cause instanceof Error ? cause.message : 'unreadable'}`, {
      cause,
    });
  }
  const checked = releaseDraft.check(json);
  if (!checked.ok) throw new CodedError('release-invalid', `${path}: ${formatProblems(checked.error)}`);
  return checked.value;
}

/** What the declaration names and the folder lacks. */
export function missingFiles(draft: ReleaseDraft, files: Release['files']): readonly string[] {
  const wanted = [...draft.stages.map((stage) => stage.model), draft.reference.file];
  const missing = wanted.filter((path) => !(path in files)).map((path) => `${path} is missing`);
  if (!Object.keys(files).some((path) => path.startsWith('golden/'))) missing.push('golden/ is empty');
  return missing;
}
