/** Work in the background, so many pieces at a time, each under a name of its own. */
export type BoundedTasks = {
  /** How many more may be started. */
  free(): number;
  has(name: string): boolean;
  names(): readonly string[];
  /** Starts one; there must be room. It is to end soon after its signal. */
  run(name: string, task: (signal: AbortSignal) => Promise<void>): void;
  /** Ends one before its time; nothing when it does not run. */
  end(name: string): void;
  /** Ends all, and resolves when they have. */
  stop(): Promise<void>;
};

/** @param onEnd a task is over; `error` is what it threw, a fault of ours */
export function createBoundedTasks(tasksMax: number, onEnd: (error?: unknown) => void): BoundedTasks {
  const running = new Map<string, { readonly controller: AbortController; readonly ended: Promise<void> }>();
  return {
    free: () => tasksMax - running.size,
    has: (name) => running.has(name),
    names: () => [...running.keys()],
    run(name, task) {
      if (running.size >= tasksMax || running.has(name)) throw new Error(`no room for ${name}`);
      const controller = new AbortController();
      const settle = (error?: unknown): void => {
        running.delete(name);
        onEnd(error);
      };
      const ended = Promise.resolve()
        .then(() => task(controller.signal))
        .then(() => settle(), settle);
      running.set(name, { controller, ended });
    },
    end: (name) => running.get(name)?.controller.abort(),
    async stop() {
      const all = [...running.values()];
      for (const { controller } of all) controller.abort();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}
