// Makes the ways in which a device can have come to the gate, for the tests of the reply, with a seal that can be read.
import type { ReplyContext } from '../../src/ota/reply.ts';

export const TOKEN = '~TOKEN';

export type Way = Partial<ReplyContext> & {
  /** Whether the voice and firmware routes are open by plain HTTP for good to this client. */
  plainForGood?: boolean;
};

/** A device from outside by https, unless said otherwise. */
export function context(way: Way = {}): ReplyContext {
  const { plainForGood = false, ...changes } = way;
  return {
    scheme: 'https',
    host: 'ota.example.com',
    ports: { http: 80, https: 443, mqtts: null },
    trusted: (changes.scheme ?? 'https') === 'https',
    opening: null,
    runningVersion: '1.6.0',
    voiceRoute: (path) => (path === '/xiaozhi/v1/' ? { plainForGood } : null),
    firmwareSource: ({ pathname, search }) => {
      const routePath = ['/xiaozhi/ota/download/', '/xiaozhi/otaMag/download/'].find((path) =>
        pathname.startsWith(path),
      );
      return routePath === undefined ? null : { route: 'firmware', routePath, source: pathname + search, plainForGood };
    },
    decide: () => ({ action: 'pass' }),
    allowsAnyVersion: false,
    seal: () => TOKEN,
    ...changes,
  };
}

export const OPENING = { id: 'o1', endsMs: Date.UTC(2026, 11, 1) };

const LAN: Way = { scheme: 'http', plainForGood: true };

/** By name: the way, and what the firmware link and the WebSocket address begin with then; null: left as it was. */
export const WAYS: Record<string, { way: Way; link: string; voice: string | null }> = {
  'https from outside': { way: {}, link: 'https://ota.example.com', voice: 'wss://ota.example.com' },
  'https on the LAN, where plain HTTP is open as well': {
    way: { plainForGood: true },
    link: 'https://ota.example.com',
    voice: 'wss://ota.example.com',
  },
  'http on the LAN, local CA': { way: LAN, link: 'http://ota.example.com', voice: 'ws://ota.example.com' },
  'http on the LAN, public chain': {
    way: { ...LAN, trusted: true },
    link: 'http://ota.example.com',
    voice: 'ws://ota.example.com',
  },
  'http on the LAN, by bare address': {
    way: { ...LAN, host: '192.168.1.5' },
    link: 'http://192.168.1.5',
    voice: 'ws://192.168.1.5',
  },
  'http on the LAN, by bare IPv6 address and port': {
    way: { ...LAN, host: 'fd00::5', ports: { http: 8080, https: 8443, mqtts: null } },
    link: 'http://[fd00::5]:8080',
    voice: 'ws://[fd00::5]:8080',
  },
  'http where only the check is open for good, local CA': {
    way: { scheme: 'http' },
    link: 'https://ota.example.com',
    voice: null,
  },
  'http through an opening, local CA': {
    way: { scheme: 'http', opening: OPENING },
    link: 'http://ota.example.com',
    voice: null,
  },
  'http through an opening, public chain': {
    way: { scheme: 'http', opening: OPENING, trusted: true },
    link: 'http://ota.example.com',
    voice: 'wss://ota.example.com',
  },
  'http through an opening, though the voice route is always open': {
    way: { ...LAN, opening: OPENING },
    link: 'http://ota.example.com',
    voice: null,
  },
  'https on another port': {
    way: { ports: { http: 8080, https: 8443, mqtts: null } },
    link: 'https://ota.example.com:8443',
    voice: 'wss://ota.example.com:8443',
  },
  'http through an opening on another port': {
    way: { scheme: 'http', opening: OPENING, trusted: true, ports: { http: 8080, https: 8443, mqtts: null } },
    link: 'http://ota.example.com:8080',
    voice: 'wss://ota.example.com:8443',
  },
  'https on the port of plain HTTP': {
    way: { ports: { http: 443, https: 80, mqtts: null } },
    link: 'https://ota.example.com:80',
    voice: 'wss://ota.example.com:80',
  },
};
