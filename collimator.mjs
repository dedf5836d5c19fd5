#!/usr/bin/env node
// One command line: finds the program named first and hands it the rest.
import { existsSync } from 'node:fs';

const programs = {
  hub: {
    entry: 'hub/dist/cli.js',
    command: 'hubCommand',
    does: 'train, sign off and roll out models; watch the fleet',
  },
  agent: { entry: 'edge-agent/dist/cli.js', command: 'agentCommand', does: 'receive studies, infer, send results' },
  provision: { entry: 'provisioning/dist/cli.js', command: 'provisionCommand', does: 'keys, certificates and tokens' },
  demo: { entry: 'test/dist/demo/cli.js', command: 'demoCommand', does: 'the whole loop once, on real input' },
};

const usage = [
  'Usage: collimator <program> [arguments]',
  '',
  ...Object.entries(programs).map(([name, { does }]) => `  ${name.padEnd(10)} ${does}`),
  '',
  'collimator <program> --help tells the rest.',
  '',
].join('\n');

const name = process.argv[2];
const program = name === undefined ? undefined : programs[name];

if (program === undefined) {
  const asked = name === undefined || name === '--help' || name === '-h' || name === 'help';
  (asked ? process.stdout : process.stderr).write(asked ? usage : `There is no program "${name}".\n\n${usage}`);
  process.exitCode = asked && name !== undefined ? 0 : 2;
} else {
  const entry = new URL(program.entry, import.meta.url);
  if (existsSync(entry)) {
    const module = await import(entry.href);
    await run(module[program.command]().name(`collimator ${name}`));
  } else {
    process.stderr.write('Collimator is not built yet: run "npm install" and "npm run build" in its folder.\n');
    process.exitCode = 1;
  }
}

/** Commander's own exits: help is success, a wrong argument is a usage error (2). */
async function run(command) {
  const all = [command];
  for (const each of all) {
    each.exitOverride();
    all.push(...each.commands);
  }
  try {
    await command.parseAsync(process.argv.slice(3), { from: 'user' });
  } catch (error) {
    if (typeof error?.code !== 'string' || !error.code.startsWith('commander.')) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}
