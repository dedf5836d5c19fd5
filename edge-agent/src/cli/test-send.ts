import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { DeliveryRow } from '../store/delivery-row.ts';
import { openSender } from '../study/deliver/open-lane.ts';
import { classOfStatus } from '../study/deliver/retry-policy.ts';
import type { Outcome } from '../study/deliver/sender.ts';
import { testObject } from '../study/deliver/test-object.ts';
import { systemAfter } from '../timers.ts';

export type TestSent = {
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly comment: string | null;
};

/** Sends one test object the way results are sent. Throws `peer-test-failed` with what the destination said. */
export async function testSend(destination: Destination, callingAeTitle: string): Promise<TestSent> {
  const dataDir = await mkdtemp(join(tmpdir(), 'collimator-test-'));
  const { sopClassUid, sopInstanceUid, file } = testObject(new Date(), randomBytes);
  const failed = (why: string): CodedError => new CodedError('peer-test-failed', `${destination.name}: ${why}`);
  const sender = openSender({ destination, callingAeTitle, dataDir, after: systemAfter });
  try {
    await writeFile(join(dataDir, 'test.dcm'), file);
    const sha256 = createHash('sha256').update(file).digest('hex');
    const row: DeliveryRow = {
      ...{ deliveryId: 1, jobId: 1, destination: destination.name, attempts: 0 },
      object: 'SC',
      mayHave: 0,
      ...{ sopClassUid, sopInstanceUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, path: 'test.dcm', sha256 },
    };
    let outcome: Outcome | undefined;
    const away = await sender.send([row], (_row, told) => {
      outcome = told;
      return Promise.resolve();
    });
    if (outcome === undefined) throw failed(away?.detail ?? 'nothing was sent');
    if (outcome.type === 'failed') throw failed(outcome.failure.detail);
    const { status, comment = null } = outcome.answer;
    const hex = `${status.toString(16).padStart(4, '0').toUpperCase()}H`;
    if (classOfStatus(status) !== 'delivered') throw failed(`status ${hex}${comment === null ? '' : ` (${comment})`}`);
    return { name: destination.name, kind: destination.kind, status: hex, comment };
  } finally {
    sender.stop();
    await rm(dataDir, { recursive: true });
  }
}
