// The process of one conversation: a WebSocket over TLS, a frame each 60 ms in both directions.
import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { answerCalls } from '../rig/child.ts';
import type { Way } from '../rig/device-client.ts';
import { latenessOf, speak } from '../rig/voice-frames.ts';

let late: number[] = [];
let ended: string | null = 'not begun';
let leave = (): void => {};

const calls = {
  /** Opens it; it lasts until `close`. @throws {Error} where no 101 comes within 10 s, as on a device */
  open: async (way: Way): Promise<void> => {
    // Its types leave out the name that goes into the handshake, which it passes on.
    const options: ClientOptions & ConnectionOptions = {
      ca: way.ca ?? [],
      servername: way.name,
      headers: { Host: way.name, 'Protocol-Version': '1', 'Device-Id': '02:00:00:00:00:01' },
      handshakeTimeout: 10_000,
      perMessageDeflate: false,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
    };
    const socket = new WebSocket(`wss://${way.address}:${way.port}/xiaozhi/v1/`, options);
    await once(socket, 'open');
    ended = null;
    const stop = speak((frame) => socket.send(frame, () => {}));
    socket.on('message', (frame: Buffer) => void late.push(latenessOf(frame)));
    socket.on('error', (error) => {
      ended = error.message;
    });
    socket.on('close', (code) => {
      ended ??= `closed with ${code}`;
      stop();
    });
    leave = () => socket.terminate();
  },
  /** Of the frames that came since it was last asked, in ms; and why the conversation has ended, if it has. */
  heard: (): { late: number[]; ended: string | null } => {
    const all = late;
    late = [];
    return { late: all, ended };
  },
  close: (): void => leave(),
};

export type VoiceCalls = typeof calls;

answerCalls(calls);
