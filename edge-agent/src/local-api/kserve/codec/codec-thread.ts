import { isCoded } from '@collimator/shared/errors/coded-error';
import { parentPort, type TransferListItem } from 'node:worker_threads';
import type { CodecAnswer, CodecAsk } from './codec-protocol.ts';
import { decodeRequest } from './decode-request.ts';
import { numbersText } from './encode-response.ts';

const port = parentPort;
if (port === null) throw new Error('this part of the codec runs as a worker thread only');

port.on('message', (ask: CodecAsk) => {
  const { answer, moved } = answerTo(ask);
  port.postMessage(answer, moved);
});

function answerTo(ask: CodecAsk): { readonly answer: CodecAnswer; readonly moved: TransferListItem[] } {
  const { id } = ask;
  try {
    if (ask.kind === 'text') {
      const text = numbersText(ask.data);
      return { answer: { id, kind: 'text', text }, moved: [text.buffer] };
    }
    const question = decodeRequest(ask.body, ask.stage);
    // Inputs may be views of one buffer, which moves once.
    const moved = question.ok ? [...new Set(question.value.inputs.map(({ data }) => data.buffer))] : [];
    return { answer: { id, kind: 'decoded', question }, moved };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { answer: { id, kind: 'failed', code: error.code, detail: error.detail }, moved: [] };
  }
}
