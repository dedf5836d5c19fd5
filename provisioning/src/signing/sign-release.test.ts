import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TargetsSubmission } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import {
  buildRoot,
  buildTargets,
  expiresIn,
  publicPart,
  type TargetEntry,
} from '@collimator/shared/release/build-metadata';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { generateSigningKey, privateKeyPem, signatureFits } from '@collimator/shared/release/keys';
import { signDocument } from '@collimator/shared/release/signatures';
import { openRoot } from '@collimator/shared/release/trusted-root';
import { targetPath } from '@collimator/shared/release/targets';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withHub } from '../operator/hub-context.ts';
import { releasesCommand } from './command.ts';
import { readSigningKey, type SigningHub, signRelease, type ToSign } from './sign-release.ts';

const now = new Date('2026-11-23T12:00:00Z');
const entry = (version: string, digit: string): TargetEntry => ({
  path: targetPath('brain', version),
  sha256: digit.repeat(64),
  length: 10,
});
const targets = (version: number, entries: readonly TargetEntry[]) =>
  buildTargets({ version, expires: expiresIn(now, 365), targets: entries });
const [old, added] = [entry('1.0.0', 'a'), entry('1.1.0', 'b')];
const asked = { name: 'brain', version: '1.1.0' };

const keys = [generateSigningKey(), generateSigningKey()];

/** A hub in memory that draws whatever draft a test gives it. */
function hub(
  draft: object,
  state: 'candidate' | 'signed' = 'candidate',
  present: object = targets(1, [old]),
  signers = [keys[0]!],
) {
  const submitted: TargetsSubmission[] = [];
  const client: SigningHub = {
    request: (_method, path) =>
      path === '/v1/trust/1.targets.json'
        ? Promise.resolve(JSON.parse(signDocument(present, signers).toString()))
        : Promise.reject(new CodedError('release-unknown', path)),
    listModels: () =>
      Promise.resolve([
        {
          ...asked,
          sha256: added.sha256,
          bytes: 10,
          state,
          run: 'r-000001',
          metrics: { dice: 0.95 },
          created: '2026-11-23T12:00:00Z',
        },
      ]),
    targetsDraft: () => Promise.resolve({ signed: draft }),
    submitTargets(submission) {
      submitted.push(submission);
      return Promise.resolve();
    },
  };
  return { client, submitted };
}
const yes = () => Promise.resolve(true);

describe('signing a release', () => {
  test('shows what is signed, signs it with every key and hands it in', async () => {
    const draft = targets(2, [old, added]);
    const { client, submitted } = hub(draft);
    const shown: ToSign[] = [];
    const signed = await signRelease(client, asked, keys, (what) => {
      shown.push(what);
      return yes();
    });
    expect(signed).toEqual({ ...asked, sha256: added.sha256, state: 'signed' });
    expect(shown).toMatchObject([
      { ...asked, sha256: added.sha256, kept: 1, targetsVersion: 2, metrics: { dice: 0.95 } },
    ]);
    const [submission] = submitted;
    expect(submission?.signed).toEqual(draft);
    const fits = submission?.signatures.map(({ sig }, i) => signatureFits(canonicalJson(draft), keys[i]!.key, sig));
    expect(fits).toEqual([true, true]);
  });

  test('is done when it was done before', async () => {
    const { client, submitted } = hub({}, 'signed');
    expect(await signRelease(client, asked, keys, yes)).toMatchObject({ state: 'signed' });
    expect(submitted).toEqual([]);
  });

  test.each([
    ['drops an earlier release', targets(2, [added]), 'targets-changed'],
    ['changes an earlier release', targets(2, [{ ...old, sha256: 'c'.repeat(64) }, added]), 'targets-changed'],
    ['slips in another release', targets(2, [old, added, entry('9.9.9', 'd')]), 'targets-changed'],
    ['slips in a delegation', { ...targets(2, [old, added]), delegations: { keys: {}, roles: [] } }, 'targets-changed'],
    ['slips in another field', { ...targets(2, [old, added]), more: 1 }, 'targets-changed'],
    ['names another digest than the registry', targets(2, [old, entry('1.1.0', 'e')]), 'target-mismatch'],
    ['does not name the release', targets(2, [old]), 'target-unknown'],
    ['is no targets metadata', { _type: 'root', version: 2 }, 'metadata-malformed'],
    ['has no version', {}, 'metadata-malformed'],
  ])('is refused when the draft %s', async (_, draft, code) => {
    const { client, submitted } = hub(draft);
    await expect(signRelease(client, asked, keys, yes)).rejects.toMatchObject({ code });
    expect(submitted).toEqual([]);
  });

  test('is refused when the person says no, or the release is unknown', async () => {
    const { client, submitted } = hub(targets(2, [old, added]));
    await expect(signRelease(client, asked, keys, () => Promise.resolve(false))).rejects.toMatchObject({
      code: 'signing-declined',
    });
    const other = { name: 'lung', version: '1.0.0' };
    await expect(signRelease(client, other, keys, yes)).rejects.toMatchObject({ code: 'release-unknown' });
    expect(submitted).toEqual([]);
  });
});

describe('present targets that the hub made up', () => {
  const evil = entry('0.9.0', 'f');
  const forged = targets(1, [old, evil]);
  const draft = targets(2, [old, evil, added]);
  const stranger = generateSigningKey();

  test.each([
    ['unsigned', []],
    ['signed by a stranger', [stranger]],
  ])('%s: nothing is signed', async (_, signers) => {
    const { client, submitted } = hub(draft, 'candidate', forged, signers);
    await expect(signRelease(client, asked, keys, yes)).rejects.toMatchObject({ code: 'metadata-signatures-too-few' });
    expect(submitted).toEqual([]);
  });

  test('under a signature that was made for others: nothing is signed', async () => {
    const { client, submitted } = hub(draft, 'candidate', forged);
    const real = JSON.parse(signDocument(targets(1, [old]), keys).toString()) as { signatures: object[] };
    const lying = { ...client, request: () => Promise.resolve({ signed: forged, signatures: real.signatures }) };
    await expect(signRelease(lying, asked, keys, yes)).rejects.toMatchObject({ code: 'metadata-signatures-too-few' });
    expect(submitted).toEqual([]);
  });

  test('a trusted root vouches where other keys signed before, and for nothing that it does not know', async () => {
    const role = (key: typeof stranger) => ({ keys: [publicPart(key)], threshold: 1 });
    const roles = { root: role(stranger), snapshot: role(stranger), timestamp: role(stranger) };
    const document = buildRoot({
      version: 1,
      expires: expiresIn(now, 365),
      roles: { ...roles, targets: { keys: [stranger, ...keys].map(publicPart), threshold: 2 } },
      director: publicPart(stranger),
    });
    const root = openRoot(signDocument(document, [stranger]));
    if (!root.ok) throw new Error(root.error.detail);
    const good = hub(targets(2, [old, added]), 'candidate', targets(1, [old]), [stranger, keys[1]!]);
    expect(await signRelease(good.client, asked, [keys[0]!], yes, root.value)).toMatchObject({ state: 'signed' });
    const bad = hub(draft, 'candidate', forged, [keys[0]!]);
    await expect(signRelease(bad.client, asked, keys, yes, root.value)).rejects.toMatchObject({
      code: 'metadata-signatures-too-few',
    });
  });
});

describe('a key file', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'collimator-signing-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('is used only when nobody else can read it and it is a key', async () => {
    const file = join(dir, 'targets-1.pem');
    await expect(readSigningKey(file)).rejects.toMatchObject({ code: 'signing-key-unusable' });
    await writeFile(file, privateKeyPem(keys[0]!), { mode: 0o644 });
    await expect(readSigningKey(file)).rejects.toMatchObject({ code: 'signing-key-unusable' });
    await chmod(file, 0o600);
    expect((await readSigningKey(file)).keyid).toBe(keys[0]!.keyid);
    await writeFile(file, 'not a key');
    await expect(readSigningKey(file)).rejects.toMatchObject({ code: 'signing-key-unusable' });
  });
});

test('the command takes the client of the operator', () => {
  const [sign] = releasesCommand(withHub).commands;
  expect(sign?.helpInformation()).toMatch(/--targets-key <file>/);
});
