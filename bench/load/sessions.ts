// The process of many voice sessions: WebSockets over TLS as bare sockets, a frame each 60 ms or none.
import type { Socket } from 'node:net';
import { answerCalls } from '../rig/child.ts';
import { dial, type Way } from '../rig/device-client.ts';
import { macOf } from '../rig/device-words.ts';
import { clientFrame, serverFrame } from '../rig/lean-frames.ts';

export type SessionsPlan = { way: Way; sessions: number; withinMs: number };

/** How many shakes of hands at a time. */
const PARALLEL = 50;
const FRAME_MS = 60;
const TICK_MS = 2;

const sockets: Socket[] = [];
const state = { sent: 0, received: 0, ended: 0 };
let ticking: NodeJS.Timeout | undefined;

const calls = {
  open: async ({ way, sessions, withinMs }: SessionsPlan): Promise<number> => {
    let next = 0;
    const deadline = performance.now() + withinMs;
    const opener = async (): Promise<void> => {
      while (next < sessions && performance.now() < deadline) await openOne(way, next++);
    };
    await Promise.all(Array.from({ length: PARALLEL }, opener));
    return sockets.length;
  },
  /** From now on each session sends a frame every 60 ms, spread over that time. */
  speak: (): void => {
    let at = 0;
    let owed = 0;
    let lastMs = performance.now();
    ticking = setInterval(() => {
      const nowMs = performance.now();
      owed += ((nowMs - lastMs) / FRAME_MS) * sockets.length;
      lastMs = nowMs;
      for (; owed >= 1; owed -= 1) {
        sockets[at]?.write(clientFrame);
        state.sent += 1;
        at = (at + 1) % sockets.length;
      }
    }, TICK_MS);
  },
  /** So far, in frames: sent, heard back, and sessions that have ended. */
  state: () => ({ ...state, received: Math.floor(state.received / serverFrame.length) }),
  close: (): void => {
    clearInterval(ticking);
    for (const socket of sockets.splice(0)) socket.destroy();
  },
};

async function openOne(way: Way, index: number): Promise<void> {
  const socket = await dial(way);
  const lines = [
    'GET /xiaozhi/v1/ HTTP/1.1',
    `Host: ${way.name}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Authorization: Bearer test-token',
    'Protocol-Version: 1',
    `Device-Id: ${macOf(index)}`,
  ];
  await new Promise<void>((resolve, reject) => {
    socket.once('data', (data: Buffer) => {
      if (data.toString('latin1').startsWith('HTTP/1.1 101 ')) resolve();
      else reject(new Error(`no 101: ${data.toString('latin1').slice(0, 200)}`));
    });
    socket.once('close', () => reject(new Error('closed in its handshake')));
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  });
  socket.on('data', (data: Buffer) => {
    state.received += data.length;
  });
  socket.on('close', () => {
    state.ended += 1;
  });
  sockets.push(socket);
}

export type SessionsCalls = typeof calls;

answerCalls(calls);
