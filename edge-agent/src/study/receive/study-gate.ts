/**
 * Lets what arrives for a study in side by side, and who takes the study away in alone: an instance must not be put into
 * a folder that is being emptied. Holds an entry only while somebody is inside or waits.
 */
export type StudyGate = {
  /** Waits while somebody is alone with the study. */
  enter<T>(study: string, work: () => Promise<T>): Promise<T>;
  /** Undefined, and nothing is done, when somebody is inside. */
  alone<T>(study: string, work: () => Promise<T>): Promise<T | undefined>;
};

export function createStudyGate(): StudyGate {
  const inside = new Map<string, number>();
  const taken = new Map<string, Promise<void>>();
  return {
    async enter(study, work) {
      for (let busy = taken.get(study); busy !== undefined; busy = taken.get(study)) await busy;
      inside.set(study, (inside.get(study) ?? 0) + 1);
      try {
        return await work();
      } finally {
        const left = (inside.get(study) ?? 1) - 1;
        if (left === 0) inside.delete(study);
        else inside.set(study, left);
      }
    },
    async alone(study, work) {
      if (inside.has(study) || taken.has(study)) return undefined;
      let release = (): void => undefined;
      taken.set(
        study,
        new Promise<void>((resolve) => {
          release = resolve;
        }),
      );
      try {
        return await work();
      } finally {
        taken.delete(study);
        release();
      }
    },
  };
}
