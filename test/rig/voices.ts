// Owns many open WebSockets at once: each one echoes when asked to, and says when it was closed.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { within } from './bounded.ts';
import type { GateRig } from './gate.ts';

export type Voice = {
  isOpen: () => boolean;
  /** Sends a text and waits for it to come back. */
  echo: (text: string) => Promise<void>;
  close: () => void;
};

/** Opens `count` conversations over TLS; by the bare address unless a name is given, which goes into Host in any case. */
export function openVoices(gate: Pick<GateRig, 'https' | 'root'>, count: number, name?: string): Promise<Voice[]> {
  return Promise.all(Array.from({ length: count }, () => openVoice(gate, name)));
}

async function openVoice(gate: Pick<GateRig, 'https' | 'root'>, name?: string): Promise<Voice> {
  const socket: WebSocket = new WebSocket(`wss://127.0.0.1:${gate.https}/xiaozhi/v1/`, {
    ca: gate.root,
    headers: { Host: name ?? 'ota.test' },
    ...(name === undefined ? {} : { servername: name }),
    perMessageDeflate: false,
  });
  socket.on('error', () => {});
  await within('an open WebSocket', once(socket, 'open'), 20_000);
  return {
    isOpen: () => socket.readyState === WebSocket.OPEN,
    echo: async (text) => {
      const heard = once(socket, 'message');
      socket.send(text);
      const [data] = await within(`the echo of ${text}`, heard, 10_000);
      if (String(data) !== text) throw new Error(`"${String(data)}" came back for "${text}"`);
    },
    close: () => socket.terminate(),
  };
}
