// Owns the commands of certificates.
import type { SpokenCommand } from './command.ts';
import type { Words } from './words.ts';

export function certsCommands(program: SpokenCommand, { help: { certs: words } }: Words): void {
  const certs = program.sub('certs', words, 'otagate certs list', 'otagate certs renew ota.example.com');
  certs
    .sub('list', words.list, 'otagate certs list')
    .withJson()
    .perform(async (context) => (await import('./certs.ts')).listCertificates(context));
  certs
    .sub('renew', words.renew, 'otagate certs renew', 'otagate certs renew ota.example.com')
    .argument('[name]', words.renew.name)
    .withJson()
    .perform<[name: string | undefined]>(async (context, [name]) =>
      (await import('./certs.ts')).renewCertificates(context, name ?? null),
    );
  certs
    .sub('root', words.root, 'otagate certs root > otagate-root.pem')
    .withJson()
    .perform(async (context) => (await import('./certs.ts')).printRoot(context));
}
