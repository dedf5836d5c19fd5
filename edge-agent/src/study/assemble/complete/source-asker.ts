import type { CompletionRule, CountSource } from '@collimator/shared/contracts/agent-config/assembly';
import type { Log } from '@collimator/shared/observe/log';
import type { Result } from '@collimator/shared/result';
import { AssociationError } from '../../../dimse/index.ts';
import type { AskableRelease, SourceReleases } from '../../../store/sqlite-source-releases.ts';
import type { After } from '../../../timers.ts';
import { createStageLoop, type StageLoop } from '../../queue/stage-loop.ts';
import { type CountSession, openCountSession, type SourceCount } from './count-query.ts';
import { expectedOf } from './expected-count.ts';

export type SourceAskerDeps = {
  /** AE title of the sender that the rule is for, and who is asked about its studies. */
  readonly source: string;
  readonly at: CountSource;
  readonly callingAeTitle: string;
  readonly releases: Pick<SourceReleases, 'toAsk' | 'nextAsk_ms' | 'held' | 'ownSeries' | 'answered' | 'unanswered'>;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  /** The source has said something: a study may be complete. */
  readonly onAnswer: () => void;
};

/** Studies asked for over one association. */
const BATCH = 64;

/**
 * Asks a source how many instances the studies have that it is done with. What is to be asked and what was answered
 * stands in the database. An answer that does not come is asked for again a bounded number of times; the quiet time
 * goes on meanwhile, so that a source which is away delays nothing.
 */
export function createSourceAsker(deps: SourceAskerDeps): StageLoop {
  const { source, at, releases, now, log } = deps;
  const { attempts_max: attemptsMax, first_s, most_s } = at.retry;
  const ending = { stopped: false };
  let open: CountSession | undefined;

  async function pass(): Promise<number | undefined> {
    const due = releases.toAsk(source, attemptsMax, now(), BATCH);
    if (due.length > 0) await askAll(due);
    return ending.stopped ? undefined : releases.nextAsk_ms(source, attemptsMax);
  }

  async function askAll(due: readonly AskableRelease[]): Promise<void> {
    let left = due;
    try {
      open = await openCountSession(at, deps.callingAeTitle);
      for (const release of due) {
        if (ending.stopped) break;
        await take(release, await open.count(release.studyInstanceUid));
        left = left.slice(1);
      }
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      // Nothing was wrong with those that were not asked for; when the source is away, it is for all of them.
      if (!ending.stopped)
        for (const release of left) await take(release, { ok: false, error: `${error.step}: ${error.code}` });
    } finally {
      await open?.close();
      open = undefined;
    }
  }

  async function take(release: AskableRelease, answer: Result<SourceCount, string>): Promise<void> {
    const { studyId } = release;
    if (!answer.ok) {
      const attempt = release.asks + 1;
      await releases.unanswered(release, now() + 1000 * Math.min(most_s, first_s * 2 ** Math.min(30, release.asks)));
      const again = attempt < attemptsMax;
      log.event('source-count-missing', { study: studyId, source, attempt, again, reason: answer.error });
      return;
    }
    const held = releases.held(studyId);
    const here = held.reduce((sum, { instances }) => sum + instances, 0);
    const own = new Set('series' in answer.value ? releases.ownSeries(studyId) : []);
    const expected =
      'series' in answer.value
        ? expectedOf(answer.value.series, held, (uid) => own.has(uid))
        : { instances: answer.value.instances, whole: [] };
    await releases.answered(release, expected);
    log.event('source-count', { study: studyId, source, expected: expected.instances, held: here });
    deps.onAnswer();
  }

  const loop = createStageLoop({ stage: 'ask', pass, now, after: deps.after, log });
  return {
    ...loop,
    async stop() {
      ending.stopped = true;
      open?.abort();
      await loop.stop();
    },
  };
}

/** The rules under which somebody is asked. */
export const askedSources = (
  rules: readonly CompletionRule[],
): { readonly source: string; readonly at: CountSource }[] =>
  rules.flatMap(({ source, expect, at }) => (expect === 'c-find' && at !== undefined ? [{ source, at }] : []));
