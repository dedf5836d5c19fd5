import { readFile, stat } from 'node:fs/promises';
import type { ModelSummary, TargetsDraft, TargetsSubmission } from '@collimator/shared/contracts/http-api';
import { CodedError, isCoded } from '@collimator/shared/errors/coded-error';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { signBytes, type SigningKey, signingKeyFromPem } from '@collimator/shared/release/keys';
import { refusalError } from '@collimator/shared/release/refusal';
import { openRoot, type TrustedRoot } from '@collimator/shared/release/trusted-root';
import { type Addition, checkDraft } from './check-draft.ts';
import { checkPresent } from './check-present.ts';

/** What signing needs of the hub; `operator/hub-client.ts` has it. */
export interface SigningHub {
  request(method: 'GET', path: string): Promise<unknown>;
  listModels(): Promise<readonly ModelSummary[]>;
  targetsDraft(add: string): Promise<TargetsDraft>;
  submitTargets(submission: TargetsSubmission): Promise<void>;
}

export type ToSign = Addition & { readonly metrics: Readonly<Record<string, number>>; readonly run: string };
export type Signed = {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly state: string;
};

/**
 * Draws the next targets with the release added, shows them, signs them with every key and hands them in.
 * A release that is signed already is done, not an error, so that a script can run twice.
 * @param root what the present targets are held against; without it, one of the keys must have signed them
 * @throws CodedError `signing-declined`, `signing-key-unusable`, `targets-*`, and what the hub refuses with
 */
export async function signRelease(
  hub: SigningHub,
  asked: { readonly name: string; readonly version: string },
  keys: readonly SigningKey[],
  confirm: (what: ToSign) => Promise<boolean>,
  root?: TrustedRoot,
): Promise<Signed> {
  const model = (await hub.listModels()).find((m) => m.name === asked.name && m.version === asked.version);
  if (model === undefined) throw new CodedError('release-unknown', `${asked.name}@${asked.version}`);
  if (model.state === 'signed') return { ...asked, sha256: model.sha256, state: 'signed' };

  const { signed } = await hub.targetsDraft(`${asked.name}@${asked.version}`);
  const version = (signed as { version?: unknown } | null)?.version;
  if (typeof version !== 'number') throw new CodedError('metadata-malformed', 'the draft has no version');
  const document = await hub.request('GET', `/v1/trust/${version - 1}.targets.json`);
  const present = checkPresent(document, { keys, root });
  if (!present.ok) throw refusalError(present.error);
  const addition = checkDraft(signed, present.value, asked);
  if (!addition.ok) throw refusalError(addition.error);
  if (addition.value.sha256 !== model.sha256) throw new CodedError('target-mismatch', `${asked.name}@${asked.version}`);

  if (!(await confirm({ ...addition.value, metrics: model.metrics, run: model.run })))
    throw new CodedError('signing-declined', `${asked.name}@${asked.version}`);
  const bytes = canonicalJson(signed);
  try {
    await hub.submitTargets({ signed, signatures: keys.map((key) => signBytes(bytes, key)) });
  } catch (error) {
    // The answer to an earlier try may have been lost on the way.
    if (!isCoded(error, 'release-already-signed')) throw error;
  }
  return { ...asked, sha256: addition.value.sha256, state: 'signed' };
}

/** Reads a private key file and insists that nobody else can. */
export async function readSigningKey(file: string): Promise<SigningKey> {
  let pem: string;
  try {
    if (((await stat(file)).mode & 0o077) !== 0)
      throw new CodedError('signing-key-unusable', `${file} can be read by others; chmod 600 it`);
    pem = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new CodedError('signing-key-unusable', `${file} (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  return signingKeyFromPem(pem, file);
}

/** A root that a person brings along. @throws CodedError `config-unreadable`, `metadata-*` */
export async function readTrustedRoot(file: string): Promise<TrustedRoot> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new CodedError('config-unreadable', `${file} (${cause.code})`, { cause });
  });
  const root = openRoot(bytes);
  if (!root.ok) throw refusalError(root.error);
  return root.value;
}
