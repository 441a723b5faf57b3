// Owns the commands of the gate as a whole: serve, reload, check, status, token.
import type { CheckOptions } from './check.ts';
import type { SpokenCommand } from './command.ts';
import type { ImportOptions } from './import.ts';
import type { Words } from './words.ts';

export function gateCommands(program: SpokenCommand, { help }: Words): void {
  program
    .sub('serve', help.serve, 'otagate serve', 'otagate serve -c /etc/otagate/otagate.yaml')
    .perform(async (context) => (await import('./serve.ts')).serve(context));

  program
    .sub('reload', help.reload, 'otagate reload')
    .withJson()
    .perform(async (context) => (await import('./reload.ts')).reload(context));

  program
    .sub(
      'check',
      help.check,
      'otagate check',
      'otagate check --explain http://ota.example.com/xiaozhi/ota/ --from 203.0.113.9',
    )
    .option('--print', help.check.print)
    .option('--explain <url>', help.check.explain)
    .option('--from <address>', help.check.from)
    .option('--method <method>', help.check.method, 'GET')
    .withJson()
    .perform<[], CheckOptions>(async (context, _, options) => (await import('./check.ts')).check(context, options));

  program
    .sub(
      'import',
      help.import,
      'otagate import /etc/nginx/nginx.conf',
      'otagate import site.conf -o config/otagate.yaml',
    )
    .argument('<file>', help.import.file)
    .option('-o, --output <file>', help.import.output)
    .perform<[file: string], ImportOptions>(async (context, [file], options) =>
      (await import('./import.ts')).importNginx(context, file, options),
    );

  program
    .sub('status', help.status, 'otagate status', "otagate status --json | jq '.certificates[].daysLeft'")
    .withJson()
    .perform(async (context) => (await import('./status.ts')).status(context));

  const token = program.sub('token', help.token, 'otagate token rotate');
  token
    .sub('rotate', help.token.rotate, 'otagate token rotate')
    .withJson()
    .perform(async (context) => (await import('./token.ts')).rotateTokens(context));
}
