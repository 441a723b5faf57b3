// How long a command waits for control: it says that it waits, and waits long only for one that is there.
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { askGate, askGateAtLength } from '../../src/cli/admin-client.ts';
import type { Context } from '../../src/cli/context.ts';
import { type Language, wordsOf } from '../../src/cli/language.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { findAdminSocket } from '../../src/control/admin/socket-place.ts';
import { configFor, Kept } from './command-line.ts';

/** Control answers by `answer`; a command says after 50 ms that it waits, and gives up after 400 ms. */
async function waiting(t: TestContext, answer: RequestListener, language: Language = 'en') {
  const configFile = configFor(t, '.');
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(findAdminSocket(join(dirname(configFile), '.')), resolve);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const [stdout, stderr] = [new Kept(undefined), new Kept(undefined)];
  const context: Context = {
    terminal: new Terminal({ stdout, stderr, env: {}, now: Date.now }),
    words: await wordsOf(language),
    configFile,
    json: true,
    patience: { wordMs: 50, answerMs: 400, longMs: 60_000 },
  };
  return { context, asked, stdout, stderr };
}

const SILENT: RequestListener = () => {};

test('a control that hangs: the command says that it waits, and then that nobody answered', async (t) => {
  const { context, stdout, stderr } = await waiting(t, SILENT);
  const reply = await askGate(context, 'DELETE', '/api/v1/openings/ota');
  assert.ok(reply.kind === 'failed');
  assert.equal(reply.exitCode, 1, 'one runs, and the answer is no');
  assert.match(
    reply.message,
    /control does not answer on .*admin\.sock \(no answer within 0\.4 s\)\. What it was asked/,
  );
  assert.match(stderr.text, /^control does not answer yet: waiting for it, .* at most\n$/);
  assert.equal(stdout.text, '');
});

test('the same in Chinese', async (t) => {
  const { context, stderr } = await waiting(t, SILENT, 'zh');
  const reply = await askGate(context, 'GET', '/api/v1/status');
  assert.ok(reply.kind === 'failed');
  assert.match(reply.message, /^控制进程在 .*admin\.sock 上没有应答/);
  assert.match(stderr.text, /^控制进程尚未应答：正在等待，最多 .*\n$/);
});

test('what takes its time is not even asked of a control that hangs', async (t) => {
  const { context, asked, stderr } = await waiting(t, SILENT);
  const reply = await askGateAtLength(context, 'POST', '/api/v1/reload');
  assert.ok(reply.kind === 'failed');
  assert.match(reply.message, /control does not answer on /);
  assert.match(stderr.text, /^control does not answer yet/);
  assert.deepEqual(asked, ['GET /healthz']);
});

test('what takes its time has it where control is there, without a word', async (t) => {
  const { context, asked, stderr } = await waiting(t, (request, response) => {
    setTimeout(() => response.end('{}'), request.url === '/healthz' ? 0 : 1_000);
  });
  context.patience = { wordMs: 700, answerMs: 700, longMs: 60_000 };
  assert.deepEqual(await askGateAtLength(context, 'POST', '/api/v1/reload'), { kind: 'answer', body: {} });
  assert.deepEqual(asked, ['GET /healthz', 'POST /api/v1/reload']);
  assert.equal(stderr.text, '');
});
