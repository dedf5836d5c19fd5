import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { runGroup } from './group-commit.ts';
import { assertDurable, setPragmas } from './pragmas.ts';
import type { WriterRequest } from './writer-protocol.ts';

/** Writes of one commit at most: bounds how long the first of a group waits for the last. */
const groupMax = 256;

const { file } = workerData as { readonly file: string };
const port = parentPort;
if (port === null) throw new Error('the writer runs as a worker thread only');

const database = new Database(file);
setPragmas(database);
assertDurable(database, file);

port.on('message', (first: WriterRequest[] | 'close') => {
  const waiting: WriterRequest[] = [];
  let message: WriterRequest[] | 'close' | undefined = first;
  while (message !== undefined && message !== 'close') {
    waiting.push(...message);
    if (waiting.length >= groupMax) break;
    message = receiveMessageOnPort(port)?.message as WriterRequest[] | 'close' | undefined;
  }
  for (let at = 0; at < waiting.length; at += groupMax)
    port.postMessage(runGroup(database, waiting.slice(at, at + groupMax)));
  if (message === 'close') {
    database.close();
    port.close();
  }
});

port.postMessage('ready');
