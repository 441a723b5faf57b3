// Owns the two checks that the console makes of what is typed into it, as its server makes them: a client that trusts
// public roots, and has five seconds.
import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { rootCertificates } from 'node:tls';
import { Agent, WebSocket } from 'undici';
import { errorText } from '../../base/errors.ts';
import type { ConsoleSeen } from '../facts.ts';

export type ConsoleLook = {
  /** Where the host of the address is. */
  address: string;
  /** PEM, beside the public ones. */
  roots: readonly string[];
  withinMs: number;
};

const MAX_BYTES = 64 * 1024;

/** A GET of `server.ota` has to end in 200, with a text that holds «OTA». */
export async function checkServerOta(url: string, look: ConsoleLook): Promise<ConsoleSeen> {
  const told = (because: string | null): ConsoleSeen => ({
    what: 'server.ota',
    url,
    well: because === null,
    because: because ?? '',
  });
  if (!new URL(url).pathname.endsWith('/ota/')) return told('the console wants an address that ends in /ota/');
  return told(await getOta(url, look));
}

function getOta(url: string, { address, roots, withinMs }: ConsoleLook): Promise<string | null> {
  return new Promise((settle) => {
    const get = url.startsWith('https:') ? getSecure : getPlain;
    const request = get(
      url,
      {
        agent: false,
        ca: [...rootCertificates, ...roots],
        lookup: (_, options, done) => (options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          if (text.length < MAX_BYTES) text += chunk;
        });
        response.on('end', () => {
          if (response.statusCode !== 200) end(`it was answered ${response.statusCode}`);
          else end(text.includes('OTA') ? null : 'the answer does not hold the word OTA');
        });
        response.on('error', (error) => end(errorText(error)));
      },
    );
    const timer = setTimeout(() => end(`no answer within ${withinMs / 1000} s`), withinMs);
    request.on('error', (error) => end(errorText(error)));
    function end(because: string | null): void {
      clearTimeout(timer);
      settle(because);
      request.destroy();
    }
  });
}

/** `server.websocket` has to accept a WebSocket. */
export async function checkServerWebsocket(url: string, look: ConsoleLook): Promise<ConsoleSeen> {
  const { address, roots, withinMs } = look;
  const dispatcher = new Agent({
    connect: {
      ca: [...rootCertificates, ...roots],
      lookup: (_, options, done) => (options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4)),
    },
  });
  const because = await new Promise<string | null>((settle) => {
    const socket = new WebSocket(url, { dispatcher });
    const timer = setTimeout(() => end(`no answer within ${withinMs / 1000} s`), withinMs);
    function end(reason: string | null): void {
      clearTimeout(timer);
      settle(reason);
    }
    socket.addEventListener('open', () => {
      end(null);
      socket.close();
    });
    socket.addEventListener('error', ({ error, message }) =>
      end(error === undefined ? message : `${errorText(error)}${causeOf(error)}`),
    );
    socket.addEventListener('close', () => end('it was closed at once'));
  }).catch((error: unknown) => errorText(error));
  await dispatcher.destroy();
  return { what: 'server.websocket', url, well: because === null, because: because ?? '' };
}

function causeOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? `: ${errorText(error.cause)}` : '';
}
