import { createProgress, type Progress } from '@collimator/shared/cli/progress';

/** Shows one stage after the other: its number and name, what goes on in it, and how long it took. */
export interface StageView {
  stage(name: string, title: string): Progress;
}

export function createStageView(total: number, stream: NodeJS.WriteStream = process.stderr): StageView {
  let number = 0;
  return {
    stage(_name, title) {
      number += 1;
      return createProgress({ label: `[${number}/${total}] ${title}`, stream });
    },
  };
}

/** For tests, whose own report is the view. */
export const silentView: StageView = {
  stage: () => ({ update: () => undefined, finish: () => undefined }),
};
