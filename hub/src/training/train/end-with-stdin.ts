import { Socket } from 'node:net';

// A worker thread that ends the whole process, at once, when its stdin closes: whoever held the other end is gone.

const stdin = new Socket({ fd: 0, readable: true, writable: false });
const end = (): void => void process.kill(process.pid, 'SIGKILL');
stdin.once('end', end);
stdin.once('error', end);
stdin.resume();
