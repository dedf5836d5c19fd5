import type { AgentOptions } from './agent.ts';
import { type Program, startAgentProgram } from './programs.ts';

export type KeptAlive = {
  readonly port: () => number;
  /** The one that runs, or the last that did. */
  readonly program: () => Program;
  readonly deaths: () => number;
};

/** An agent that is started again as a service manager would, until the test is over: `ends` is called then. */
export async function keepAlive(
  options: Omit<AgentOptions, 'log'>,
  ends: (() => Promise<unknown>)[],
  env: NodeJS.ProcessEnv = {},
): Promise<KeptAlive> {
  let deaths = 0;
  let over = false;
  let program = await startAgentProgram(options, env);
  let restarting: Promise<void> = Promise.resolve();
  const watch = (one: Program): void => {
    one.child.once('exit', () => {
      if (over) return;
      deaths += 1;
      restarting = restart();
    });
  };
  async function restart(): Promise<void> {
    program = await startAgentProgram(options, env);
    watch(program);
  }
  watch(program);
  ends.push(async () => {
    over = true;
    await restarting;
    await program.stop();
  });
  return { port: () => program.port, program: () => program, deaths: () => deaths };
}
