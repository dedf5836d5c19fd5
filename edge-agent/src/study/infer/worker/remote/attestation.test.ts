import fc from 'fast-check';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { describe, expect, it } from 'vitest';
import { exampleRelease } from '../../../result/testing/example-input.ts';
import { attestationOf, due, LOOK_MS } from './attestation.ts';
import { requireFit } from './model-fit.ts';
import { watchModels } from './model-watch.ts';
import { releaseDigestIn, RELEASE_DIGEST_KEY } from './release-digest.ts';
import type { ModelFacts } from './remote-model.ts';

const [ours, other] = ['a'.repeat(64), 'b'.repeat(64)] as [string, string];
const key = (value: unknown) => ({ [RELEASE_DIGEST_KEY]: value });

describe('the release digest', () => {
  it.each([
    ['parameters of MLServer and KServe', { parameters: key(ours) }, {}],
    ['properties', { properties: key(ours) }, {}],
    ['rt_info of OpenVINO', { rt_info: { model_info: key(ours) } }, {}],
    ['the configuration of Triton', {}, { parameters: key({ string_value: ours }) }],
    ['capitals', { parameters: key(ours.toUpperCase()) }, {}],
  ])('is found in %s', (_, metadata, configuration) => {
    expect(releaseDigestIn(metadata, configuration)).toBe(ours);
  });

  it.each([
    [{}],
    [{ parameters: key('sha256:1') }],
    [{ parameters: key(7) }],
    [{ parameters: [] }],
    [{ rt_info: 'x' }],
  ])('is none in %j', (metadata) => {
    expect(releaseDigestIn(metadata)).toBeUndefined();
  });
});

describe('whether models are attested', () => {
  it.each<[string, readonly ModelFacts[], boolean]>([
    ['one that names the release', [{ releaseSha256: ours }], true],
    ['one that names nothing', [{}], false],
    ['one that names another', [{ releaseSha256: other }], false],
    ['one of two that names nothing', [{ releaseSha256: ours }, {}], false],
    ['two that name the release', [{ releaseSha256: ours }, { releaseSha256: ours }], true],
    ['none', [], false],
  ])('%s', (_, facts, attested) => {
    expect(attestationOf(facts, ours).attested).toBe(attested);
  });
});

describe('what is due before a run', () => {
  const known = { facts: '', tested_ms: 0, looked_ms: 0, breaks: 0 };
  it.each([
    ['nothing is known', undefined, 0, 0, 'test'],
    ['all is fresh', known, 0, LOOK_MS - 1, 'nothing'],
    ['the metadata is old', known, 0, LOOK_MS, 'look'],
    ['the test is old', known, 0, 60_000, 'test'],
    ['the connection broke', known, 1, 1, 'test'],
  ])('%s', (_, before, breaks, now_ms, what) => {
    expect(due(before, breaks, now_ms, 60_000)).toBe(what);
  });
});

describe('the fit of a model', () => {
  const stage = exampleRelease.stages[0] as (typeof exampleRelease.stages)[number];
  const sound = { name: 'image', datatype: 'FP32', dims: [-1, 64, 64, 1] };
  const fit = (inputs: ModelFacts['inputs'], outputs?: ModelFacts['outputs']) => () =>
    requireFit('seg', { ...(inputs && { inputs }), ...(outputs && { outputs }) }, stage);

  it('is given where the server says nothing, or the same', () => {
    expect(fit(undefined)).not.toThrow();
    expect(fit([sound], [{ name: 'logits', datatype: 'FP16', dims: [-1, 64, 64, 1] }])).not.toThrow();
  });

  it('is not for other names, sizes and datatypes, and all of them are told at once', () => {
    const wrong = fit(
      [
        { ...sound, datatype: 'UINT8', dims: [-1, 32, 64, 1] },
        { ...sound, name: 'extra' },
      ],
      [],
    );
    expect(wrong).toThrow(expect.objectContaining({ code: 'remote-model-unfit' }) as Error);
    for (const part of ['image is -1×32×64×1', 'image is of UINT8', 'takes an input extra', 'no output logits'])
      expect(wrong).toThrow(part);
  });
});

/** A server in memory: what it serves can be exchanged at any time. */
function world(facts: ModelFacts, difference = 0) {
  const state = { facts, difference, now_ms: 0, breaks: 0, tests: 0, looks: 0 };
  const watch = watchModels({
    models: [
      {
        name: 'm',
        describe: async () => {
          state.looks += 1;
          return state.facts;
        },
        infer: async () => ({ outputs: [] }),
      },
    ],
    releaseSha256: ours,
    toleranceAbs: 0.1,
    every_ms: 60_000,
    now: () => state.now_ms,
    breaks: () => state.breaks,
    requireFit: () => undefined,
    golden: async () => {
      state.tests += 1;
      return state.difference;
    },
  });
  return { state, watch };
}
const changed = { code: 'remote-model-changed' };

describe('the watch over models that may be exchanged', () => {
  it('is refused where the golden outputs are others, or no numbers', async () => {
    await expect(world({}, 0.2).watch).rejects.toMatchObject({ code: 'golden-mismatch' });
    await expect(world({}, Number.NaN).watch).rejects.toMatchObject({ code: 'golden-mismatch' });
  });

  it('tests nothing again while all is as it was', async () => {
    const { state, watch } = world({ releaseSha256: ours, versions: ['1'] });
    const watched = await watch;
    expect(watched.attestation.attested).toBe(true);
    state.now_ms = LOOK_MS - 1;
    await watched.fresh();
    expect(state).toMatchObject({ tests: 1, looks: 2 });
    state.now_ms = LOOK_MS;
    await watched.fresh();
    expect(state).toMatchObject({ tests: 1, looks: 3 });
  });

  it('goes on with the same release under another version, after a test', async () => {
    const { state, watch } = world({ releaseSha256: ours, versions: ['1'] });
    const watched = await watch;
    state.facts = { releaseSha256: ours, versions: ['2'] };
    state.now_ms = LOOK_MS;
    await watched.fresh();
    expect(state.tests).toBe(2);
    await watched.fresh();
    expect(state.tests).toBe(2);
  });

  it.each<[string, Partial<ReturnType<typeof world>['state']>]>([
    ['names no release any more', { facts: { versions: ['1'] }, now_ms: LOOK_MS }],
    ['names another release', { facts: { releaseSha256: other }, now_ms: LOOK_MS }],
    ['gives other golden outputs when the time is up', { difference: 1, now_ms: 60_000 }],
    ['gives other golden outputs after the connection broke', { difference: 1, breaks: 1 }],
  ])('ends for ever where the model %s', async (_, change) => {
    const { state, watch } = world({ releaseSha256: ours, versions: ['1'] });
    const watched = await watch;
    const before = { ...state };
    Object.assign(state, change);
    await expect(watched.fresh()).rejects.toMatchObject(changed);
    Object.assign(state, before, { now_ms: 1 });
    await expect(watched.fresh()).rejects.toMatchObject(changed);
  });

  it('does not take a server that cannot be asked for one with another model', async () => {
    const { state, watch } = world({ releaseSha256: ours });
    const watched = await watch;
    state.breaks = 1;
    const [facts, gone] = [state.facts, new CodedError('remote-unreachable', 'x')];
    Object.defineProperty(state, 'facts', {
      configurable: true,
      get() {
        throw gone;
      },
    });
    await expect(watched.fresh()).rejects.toBe(gone);
    Object.defineProperty(state, 'facts', { value: facts });
    await watched.fresh();
    expect(state.tests).toBe(2);
  });

  it('never lets a run follow, attested, on an exchange that the server tells of and that is as old as a look', async () => {
    type Step = {
      readonly wait_ms: number;
      readonly exchange?: 'other' | 'none' | 'renamed';
      readonly breaks: boolean;
    };
    const steps = fc.array(
      fc.record<Step>({
        wait_ms: fc.integer({ min: 0, max: 2 * LOOK_MS }),
        exchange: fc.constantFrom('other', 'none', 'renamed', undefined) as fc.Arbitrary<never>,
        breaks: fc.boolean(),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const { state, watch } = world({ releaseSha256: ours, versions: ['1'] });
        const watched = await watch;
        let wrongSince_ms: number | undefined;
        for (const { wait_ms, exchange, breaks } of all) {
          if (exchange === 'renamed') state.facts = { ...state.facts, versions: [String(state.now_ms)] };
          else if (exchange !== undefined) {
            state.facts = exchange === 'other' ? { releaseSha256: other } : {};
            wrongSince_ms ??= state.now_ms;
          }
          state.now_ms += wait_ms;
          if (breaks) state.breaks += 1;
          const runs = await watched.fresh().then(
            () => true,
            () => false,
          );
          const must = wrongSince_ms === undefined;
          const mayNot = wrongSince_ms !== undefined && (breaks || state.now_ms - wrongSince_ms >= LOOK_MS);
          expect(runs, `${must} ${mayNot}`).toBe(must || (!mayNot && runs));
        }
      }),
      { numRuns: 500 },
    );
  });
});
