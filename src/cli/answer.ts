// Owns the end of most commands: what the gate answered, for people or as JSON, or why there is no answer.
import { type AdminReply, askGate, type Failed, type Method } from './admin-client.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';

export type Asked = { method: Method; path: string; content?: unknown };

/** Asks, and prints the answer: as it came with `--json`, else in the lines that `describe` makes of it. */
export async function printAnswer<Body>(
  context: Context,
  { method, path, content }: Asked,
  describe: (body: Body) => readonly string[],
): Promise<number> {
  const reply = await askGate(context, method, path, content);
  if (reply.kind === 'failed') return tellFailure(context, reply);
  if (context.json) context.terminal.printJson(reply.body);
  else {
    try {
      context.terminal.print(...describe(bodyOf<Body>(reply)));
    } catch (error) {
      // After an upgrade, the gate that still runs may lack what this command looks for.
      if (!(error instanceof TypeError)) throw error;
      context.terminal.tell(context.words.otherVersion(error.message));
      return EXIT.no;
    }
  }
  return EXIT.well;
}

/** Gives its exit code. */
export function tellFailure({ terminal }: Context, { message, exitCode }: Failed): number {
  terminal.tell(message);
  return exitCode;
}

/** The gate and its command line are of one version: what it answers has the type that it sends. */
export function bodyOf<Body>({ body }: Extract<AdminReply, { kind: 'answer' }>): Body {
  return body as Body;
}
