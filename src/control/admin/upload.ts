// Owns an upload: a body that is handed on as it comes, never held, and a client that is told what became of it.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { doorOf } from './doors.ts';
import { Refusal } from './refusals.ts';
import type { AdminApp } from './schema-compilers.ts';

export const UPLOAD_TYPE = 'application/octet-stream';

/** Lets bodies of this type through unread, whatever their length: whoever takes one bounds it. */
export function acceptUploads(app: AdminApp): void {
  app.addContentTypeParser(UPLOAD_TYPE, (_request, _stream, done) => done(null, undefined));
}

/**
 * Gives the body's bytes to `take`, as fast as they are taken. One that is refused half-way is read to its end and thrown
 * away, for a while: a client that still sends would not hear why otherwise.
 * @throws {Refusal} MEDIA_TYPE_UNKNOWN, and whatever `take` throws
 */
export async function receiveUpload<T>(
  { raw, headers }: FastifyRequest,
  reply: FastifyReply,
  take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> {
  if (!headers['content-type']?.startsWith(UPLOAD_TYPE))
    throw new Refusal(415, 'MEDIA_TYPE_UNKNOWN', `the body has to be ${UPLOAD_TYPE}: the bytes of the image`);
  const { connections } = doorOf(raw);
  connections.unlimitBody(raw);
  try {
    return await take(raw.iterator({ destroyOnReturn: false }));
  } finally {
    if (!raw.complete && !raw.destroyed) {
      connections.limitBody(raw, reply.raw);
      raw.resume();
    }
  }
}
