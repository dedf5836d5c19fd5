import { Command } from 'commander';
import { authorityCommand } from './authority/command.ts';
import { tokenCommand } from './enrol/token-command.ts';
import { keysCommand } from './keys/command.ts';
import { withHub } from './operator/hub-context.ts';
import { releasesCommand } from './signing/command.ts';

/** `collimator provision …` */
export function provisionCommand(): Command {
  return new Command('provision')
    .description('identities and signatures: certificate authority, enrolment tokens, signing keys, signed releases')
    .addCommand(authorityCommand())
    .addCommand(tokenCommand())
    .addCommand(keysCommand())
    .addCommand(releasesCommand(withHub));
}
