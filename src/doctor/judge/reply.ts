// Owns the judgement of the reply to a check: what a device makes of its status, its head, and its text.
import { readManifest } from '../../device/manifest.ts';
import type { Asked, Reply, Target } from '../facts.ts';
import { headerOf, isChunked } from '../probe/ask.ts';
import { type Finding, fault, note, warning } from './code.ts';

export function judgeReply({ url }: Target, check: Asked | null): Finding[] {
  if (check === null) return [];
  if (check.asked === 'failed') return [fault('reply-none', url, { because: check.because })];
  const { reply } = check;
  return reply.status === 200 ? [...judgeHead(url, reply), ...judgeText(url, reply)] : judgeStatus(url, reply);
}

function judgeStatus(url: string, reply: Reply): Finding[] {
  const status = String(reply.status);
  if (reply.status === 426) return [note('plain-closed', url)];
  if (reply.status >= 300 && reply.status < 400) {
    return [fault('reply-redirect', url, { status, location: headerOf(reply, 'location') ?? '' })];
  }
  if (reply.status === 404 || reply.status === 405) return [fault('path-wrong', url, { because: status })];
  return [fault('reply-status', url, { status })];
}

function judgeHead(url: string, reply: Reply): Finding[] {
  if (isChunked(reply)) return [fault('reply-chunked', url)];
  if (headerOf(reply, 'content-length') === null) return [fault('reply-no-length', url)];
  return hasCanonicalLength(reply) ? [] : [warning('reply-header-case', url, { name: lengthName(reply) })];
}

export function hasCanonicalLength(reply: Reply): boolean {
  return lengthName(reply) === 'Content-Length';
}

export function lengthName({ headers }: Reply): string {
  return headers.find(([name]) => name.toLowerCase() === 'content-length')?.[0] ?? '';
}

function judgeText(url: string, { body }: Reply): Finding[] {
  const read = readManifest(body, '0', new Map());
  if (read.manifest === 'abort') return [fault('reply-crash', url, { because: read.because })];
  if (read.manifest === 'bad-json') {
    const text = body.toString('utf8').trimStart();
    if (/^<(!doctype|html)/i.test(text)) return [fault('path-wrong', url, { because: 'HTML' })];
    return [fault('reply-not-json', url, { begins: text.slice(0, 60) })];
  }
  const { reply } = read;
  // Both servers report faults as 200.
  if ('firmware' in reply || 'server_time' in reply || 'websocket' in reply || 'mqtt' in reply) return [];
  if (reply.code === 404) return [fault('path-wrong', url, { because: '200, code 404' })];
  const said = [reply.error, reply.message, reply.msg].find((one) => typeof one === 'string' && one !== '');
  return [
    fault('reply-refused', url, {
      said: typeof said === 'string' ? said.slice(0, 100) : body.toString('utf8', 0, 100),
    }),
  ];
}
