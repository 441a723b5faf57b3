// The process of a voice server: it speaks on every connection, and notes how late what it hears is.
import { type WebSocket, WebSocketServer } from 'ws';
import { answerCalls } from './child.ts';
import { latenessOf, speak } from './voice-frames.ts';

/** Of the frames that came since it was last asked, in ms. */
let late: number[] = [];

const calls = {
  start: (): Promise<number> =>
    new Promise((resolve, reject) => {
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
      server.once('error', reject);
      server.on('connection', converse);
      server.once('listening', () => {
        const at = server.address();
        resolve(typeof at === 'object' && at !== null ? at.port : 0);
      });
    }),
  heard: (): number[] => {
    const all = late;
    late = [];
    return all;
  },
};

function converse(socket: WebSocket): void {
  const stop = speak((frame) => socket.send(frame));
  socket.on('message', (frame: Buffer) => void late.push(latenessOf(frame)));
  socket.on('close', stop);
  socket.on('error', stop);
}

export type VoiceUpstreamCalls = typeof calls;

answerCalls(calls);
