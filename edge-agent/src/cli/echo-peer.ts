import { CodedError } from '@collimator/shared/errors/coded-error';
import { AssociationError, openAssociation, VERIFICATION } from '../dimse/index.ts';
import { type CalledPeer, peerOf } from '../config/dicom-settings.ts';

export type EchoResult = {
  readonly name: string;
  readonly ae_title: string;
  readonly address: string;
  readonly connect_ms: number;
  /** From the C-ECHO request to its response. */
  readonly round_trip_ms: number;
};

/** Longest wait for each step of an echo: a person is waiting. */
const stepMs = 10_000;
const implicitLittleEndian = '1.2.840.10008.1.2';

/** Calls a destination and sends a C-ECHO. Throws `peer-echo-failed` naming the step that failed. */
export async function echoPeer(
  destination: CalledPeer & { readonly name: string },
  callingAeTitle: string,
): Promise<EchoResult> {
  const address = `${destination.host}:${destination.port}`;
  const failed = (step: string, why: string, cause?: unknown) =>
    new CodedError('peer-echo-failed', `${destination.name} (${destination.ae_title} at ${address}): ${step}: ${why}`, {
      cause,
    });
  const started_ms = performance.now();
  try {
    const association = await openAssociation({
      ...peerOf(destination, callingAeTitle),
      contexts: [{ abstractSyntax: VERIFICATION, transferSyntaxes: [implicitLittleEndian] }],
      timeouts_ms: { connect: stepMs, associate: stepMs, response: stepMs },
    });
    const connected_ms = performance.now();
    const outcome = await association.echo();
    const answered_ms = performance.now();
    await association.release();
    if (outcome.status !== 0) throw failed('echo', `status ${outcome.status.toString(16).padStart(4, '0')}H`);
    return {
      name: destination.name,
      ae_title: destination.ae_title,
      address,
      connect_ms: tenths(connected_ms - started_ms),
      round_trip_ms: tenths(answered_ms - connected_ms),
    };
  } catch (error) {
    if (error instanceof AssociationError) throw failed(error.step, whyOf(error.message), error);
    throw error;
  }
}

/** Without the step and the peer's name, which the sentence has already. */
const whyOf = (message: string): string => message.replace(/^\w+: /, '').replace(/^\S+@\S+:\d+: /, '');

const tenths = (value_ms: number): number => Math.round(value_ms * 10) / 10;
