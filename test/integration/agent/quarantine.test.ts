import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../free-ports.ts';
import { type Appliance, applianceTitle, createAppliance, senderTitle } from './appliance.ts';
import { createTestAuthority } from './certificates.ts';
import { marks, writeMarkedStudy } from './marked-study.ts';
import { storescu } from './storescu.ts';

type Json = Record<string, unknown>;

describe('what was set aside, on the command line', () => {
  let folder: string;
  let appliance: Appliance;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'agent-'));
    const authority = createTestAuthority(folder);
    appliance = await createAppliance({ folder, authority, brokerUrl: `mqtts://127.0.0.1:${await freePort()}` });
    await appliance.start();
  });
  afterEach(async () => {
    await appliance.stop('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const send = (...files: string[]) =>
    storescu(files, { port: appliance.dicomPort, called: applianceTitle, calling: senderTitle });
  const json = async (...args: string[]): Promise<Json[]> => {
    const { stdout, stderr } = await appliance.command(...args, '-o', 'json');
    expect(stderr).toBe('');
    return [JSON.parse(stdout)].flat() as Json[];
  };
  /** A copy that dcmtk's dcmodify has changed. */
  function changed(file: string, name: string, ...args: string[]): string {
    const copy = join(folder, name);
    copyFileSync(file, copy);
    execFileSync('dcmodify', ['-nb', ...args, copy], { stdio: 'pipe' });
    return copy;
  }

  it('is listed, shown, released and discarded, and the study is exported as it is then', async () => {
    const [first = '', second = ''] = writeMarkedStudy(folder, 2);
    await send(first, second);
    const corrected = [first, second].map((file, i) => changed(file, `corrected-${i}.dcm`, '-m', 'PatientID=MENDED'));
    expect((await send(...corrected)).output).not.toContain('Store Failed');
    const broken = changed(first, 'broken.dcm', '-e', 'StudyInstanceUID', '-m', 'SOPInstanceUID=1.2.3.999');
    expect((await send(broken)).output).toMatch(/c000|CannotUnderstand|Error: Cannot/i);

    const list = await json('quarantine', 'list');
    expect(list.map(({ code, waits_for_decision: waits }) => [code, waits])).toEqual([
      ['dicom-instance-conflict', true],
      ['dicom-instance-conflict', true],
      ['dicom-unparsable', false],
    ]);
    const [study = ''] = (list[0]?.['studies'] ?? []) as string[];
    expect(await json('studies', 'show', study)).toMatchObject([{ key: study, state: 'held', holds: [{}, {}] }]);
    const unread = String(list[2]?.['entry']);
    expect(await json('quarantine', 'show', unread)).toMatchObject([{ why: 'studyInstanceUid is missing' }]);

    const still = await appliance.command('quarantine', 'release', unread);
    expect(still).toMatchObject({ code: 3, stdout: '' });
    expect(still.stderr).toMatch(/^quarantine-still-refused: .*studyInstanceUid is missing/);
    expect(await appliance.command('quarantine', 'discard', unread)).toMatchObject({ code: 0 });
    expect(await json('quarantine', 'release', '--study', study)).toHaveLength(2);
    expect(await json('quarantine', 'list')).toEqual([]);
    expect(readdirSync(join(appliance.dataDir, 'quarantine'))).toEqual([]);
    const decisions = appliance.events().filter(({ event }) => event === 'quarantine-decided');
    expect(decisions.map(({ by }) => by)).toEqual(Array(3).fill('local operator'));

    const out = join(folder, 'out');
    expect(await json('studies', 'export', study, '--to', out)).toMatchObject([{ images: 2, results: 0 }]);
    const images = readdirSync(join(out, `study-${study}`, 'images'));
    const patients = images.map((name) =>
      execFileSync('dcmdump', ['+P', 'PatientID', join(out, `study-${study}`, 'images', name)]).toString(),
    );
    expect(patients.filter((line) => line.includes('[MENDED]'))).toHaveLength(2);
    const again = await appliance.command('studies', 'export', study, '--to', out);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('study-export-failed');

    for (const mark of Object.values(marks)) expect(appliance.output()).not.toContain(mark);
  });

  it('is decided about by nobody but who can send JSON', async () => {
    const post = (type: string) =>
      fetch(`${appliance.apiUrl}/v1/quarantine/1/discard`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: '{}',
      });
    expect((await post('text/plain')).status).toBe(403);
    expect((await post('application/json')).status).toBe(404);
  });
});
