// Every command there is, found by walking the tree: help, examples, wrong use, no gate, one JSON document.
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { pathOf } from '../../src/cli/help.ts';
import { LANGUAGES } from '../../src/cli/language.ts';
import { adminFor, configFor, OPENING, otagate, programIn } from './command-line.ts';

const HAN = /\p{Script=Han}/u;
/** Commands that ask no gate, and those that print something other than an answer. */
const WITHOUT_GATE = ['serve', 'check', 'completion', 'help', 'backup', 'restore', 'import'];
const WITHOUT_JSON = ['serve', 'completion', 'help', 'import'];

const commands = everyCommand(await programIn('en')).map((command) => ({ command, words: wordsTo(command) }));
const leaves = commands.filter(({ command }) => command.commands.length === 0);
const groups = commands.filter(({ command }) => command.commands.length > 0);

function everyCommand(command: Command): Command[] {
  const below = command.createHelp().visibleCommands(command);
  return below.flatMap((one) => [one, ...everyCommand(one)]);
}

/** `['certs', 'list']`. */
function wordsTo(command: Command): string[] {
  return pathOf(command).split(' ').slice(1);
}

/** What the command needs at the least. An argument or option that is new here gets a word, and most take it. */
function needs(command: Command, file: string): string[] {
  const values: Record<string, string> = {
    route: 'ota',
    file,
    url: 'http://192.168.1.5:8002/a.bin',
    id: 'aaaa',
    percent: '25',
  };
  const needed = command.registeredArguments.filter(({ required }) => required);
  const options = command.options.filter(({ mandatory }) => mandatory);
  return [
    ...needed.map((argument) => argument.argChoices?.[0] ?? values[argument.name()] ?? 'word'),
    ...options.flatMap(({ long, flags }) => [
      long ?? '',
      /<duration>/.test(flags) ? '30m' : /<file>/.test(flags) ? file : 'word',
    ]),
  ];
}

test('the tree is read', () => {
  const paths = leaves.map(({ words }) => words.join(' '));
  for (const path of ['serve', 'status', 'open', 'certs renew', 'firmware extract', 'token rotate', 'completion'])
    assert.ok(paths.includes(path), path);
  assert.ok(!paths.includes('complete-names'), 'what scripts ask is nobody else’s');
});

for (const language of LANGUAGES) {
  test(`every command has help with an example, in ${language}`, async () => {
    for (const { words } of commands) {
      const help = await otagate([...words, '--help'], { language });
      const at = words.join(' ');
      assert.deepEqual([help.code, help.stderr], [0, ''], at);
      assert.match(help.stdout, language === 'zh' ? /^示例：\n {2}\S/m : /^Examples:\n {2}\S/m, at);
      assert.ok(help.stdout.includes(`otagate ${at}`), at);
      assert.equal((await otagate(['help', ...words], { language })).stdout, help.stdout, at);
      if (language === 'en') assert.doesNotMatch(help.stdout, HAN, at);
      // commander's own headings would stand there in English.
      else assert.doesNotMatch(help.stdout, /^(Usage|Arguments|Options|Commands|Global)|default|choices/m, at);
    }
  });
}

test('every argument and option is described, in Chinese too', async () => {
  for (const command of everyCommand(await programIn('zh'))) {
    for (const { description, flags } of command.createHelp().visibleOptions(command))
      assert.match(description, HAN, `${pathOf(command)} ${flags}`);
    for (const argument of command.registeredArguments)
      assert.ok(argument.description !== '', `${pathOf(command)} ${argument.name()}`);
    assert.match(command.summary(), HAN, pathOf(command));
  }
});

test('every example can be carried out: none is wrong use', async (t) => {
  const config = configFor(t);
  // Some of them write a file.
  const before = process.cwd();
  process.chdir(dirname(config));
  t.after(() => process.chdir(before));
  for (const { words } of commands) {
    const { stdout } = await otagate([...words, '--help']);
    const examples = stdout.slice(stdout.indexOf('Examples:')).match(/(?<=\botagate ).*/g) ?? [];
    assert.ok(examples.length > 0, words.join(' '));
    for (const example of examples) {
      const args = shellWords(example.replace(/\)".*| [|>].*/, ''));
      if (args[0] === 'serve') continue;
      const ran = await otagate([...args.filter((arg) => arg !== '-c'), '-c', config]);
      assert.notEqual(ran.code, 2, `${example}\n${ran.stderr}`);
    }
  }
});

function shellWords(line: string): string[] {
  return (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

test('wrong use is 2 everywhere, with nothing on stdout and the way to the help', async (t) => {
  const config = configFor(t);
  for (const { command, words } of leaves) {
    const at = words.join(' ');
    const seeHelp = `\`otagate ${at} --help\` says how it is used\n`;
    const unknown = await otagate([...words, ...needs(command, config), '-c', config, '--frobnicate']);
    assert.deepEqual([unknown.code, unknown.stdout], [2, ''], at);
    assert.equal(unknown.stderr, `error: there is no option --frobnicate\n${seeHelp}`);
    const noValue = await otagate([...words, '-c']);
    assert.deepEqual([noValue.code, noValue.stdout], [2, ''], at);
    assert.equal(noValue.stderr, `error: the value is missing: -c, --config <file>\n${seeHelp}`);
    const args = command.registeredArguments;
    if (args.some(({ required }) => required)) {
      const missing = await otagate(words);
      assert.deepEqual([missing.code, missing.stdout], [2, ''], at);
      assert.match(missing.stderr, /^error: (<|--).* is missing\n/, at);
    }
    if (args.some(({ variadic }) => variadic)) continue;
    const many = Array.from({ length: args.length + 1 }, () => args[0]?.argChoices?.[0] ?? 'word');
    const optionsNeeded = needs(command, config).slice(args.filter(({ required }) => required).length);
    const tooMany = await otagate([...words, ...many, ...optionsNeeded, '-c', config]);
    assert.deepEqual([tooMany.code, tooMany.stdout], [2, ''], at);
    assert.ok(tooMany.stderr.startsWith('error: too many arguments: '), `${at}: ${tooMany.stderr}`);
    assert.ok(tooMany.stderr.endsWith(seeHelp), at);
  }
});

test('a group alone shows what is in it, as wrong use', async () => {
  for (const { words } of groups) {
    const ran = await otagate(words);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], words.join(' '));
    assert.match(ran.stderr, new RegExp(`^Usage: otagate ${words.join(' ')} COMMAND`));
    const unknown = await otagate([...words, 'frobnicate']);
    assert.equal(
      unknown.stderr,
      `error: there is no command frobnicate\n\`otagate ${words.join(' ')} --help\` lists the commands\n`,
    );
  }
});

test('every command that asks a gate ends with 3 where none runs, and says how to start one', async (t) => {
  const config = configFor(t);
  const file = join(dirname(config), 'image.bin');
  writeFileSync(file, 'an image');
  for (const { command, words } of leaves) {
    const at = words.join(' ');
    if (WITHOUT_GATE.includes(at)) continue;
    for (const flags of [[], ['--json']]) {
      const ran = await otagate([...words, ...needs(command, file), ...flags, '-c', config]);
      assert.deepEqual([ran.code, ran.stdout], [3, ''], `${at}: ${ran.stderr}`);
      assert.match(
        ran.stderr,
        new RegExp(`^no gate is running for .*: start one with \`otagate serve -c ${config}\`\n$`),
      );
    }
    const inChinese = await otagate([...words, ...needs(command, file), '-c', config], { language: 'zh' });
    assert.equal(inChinese.code, 3, at);
    assert.ok(inChinese.stderr.startsWith('没有网关') && inChinese.stderr.includes(`otagate serve -c ${config}`), at);
  }
});

test('-c counts wherever it stands, the one nearest to the command first', async (t) => {
  const [one, other] = [configFor(t), configFor(t)];
  for (const [args, asked] of [
    [['-c', one, 'certs', 'list'], one],
    [['certs', '-c', one, 'list'], one],
    [['certs', 'list', `--config=${one}`], one],
    [['-c', other, 'certs', '-c', one, 'list'], one],
    [['-c', other, 'certs', 'list', '-c', one], one],
  ] as const) {
    const { code, stderr } = await otagate(args);
    assert.equal(code, 3);
    assert.ok(stderr.startsWith(`no gate is running for ${asked} `), `${args.join(' ')}: ${stderr}`);
  }
});

test('a file that is no YAML while somebody edits it still leads to its gate, or says how to get there', async (t) => {
  const { config } = await adminFor(t);
  appendFileSync(config, 'routes: [\n');
  const asked = await otagate(['openings', '-c', config]);
  assert.deepEqual([asked.code, asked.stderr], [0, '']);

  writeFileSync(config, 'domain: ota.test\nstateDir: "/var/lib/otagate\n');
  for (const [language, way] of [
    ['en', `or give -c a file that holds nothing but its stateDir\n`],
    ['zh', `或用 -c 指定一个只含其 stateDir 的文件\n`],
  ] as const) {
    const lost = await otagate(['openings', '-c', config], { language });
    assert.deepEqual([lost.code, lost.stdout], [1, '']);
    assert.ok(lost.stderr.includes(`${config}:`) && lost.stderr.endsWith(way), lost.stderr);
  }
});

test('every command with --json prints one document on stdout, and nothing elsewhere', async (t) => {
  const { rig, config } = await adminFor(t, {
    root: () => 'a root',
    renew: async () => ({ kept: ['ota.test'], renewed: ['ota.test (ecdsa)'], faults: [] }),
    openings: () => [{ ...OPENING, untilMs: Date.now() + 60_000 }],
  });
  const file = join(rig.folder, 'sent.bin');
  writeFileSync(file, 'an image');
  for (const { command, words } of leaves) {
    const at = words.join(' ');
    const hasJson = command.options.some(({ long }) => long === '--json');
    assert.equal(hasJson, !WITHOUT_JSON.includes(at), at);
    // A restore wants the gate to be stopped.
    if (!hasJson || at === 'restore') continue;
    const asJson = await otagate([...words, ...needs(command, file), '--json', '-c', config]);
    assert.deepEqual([asJson.code, asJson.stderr], [0, ''], `${at}: ${asJson.stderr}`);
    assert.match(asJson.stdout, /^[{[].*[}\]]\n$/, at);
    JSON.parse(asJson.stdout);
    const inChinese = await otagate([...words, ...needs(command, file), '--json', '-c', config], { language: 'zh' });
    assert.doesNotMatch(inChinese.stdout, HAN, at);
    const plain = await otagate([...words, ...needs(command, file), '-c', config]);
    assert.equal(plain.code, 0, `${at}: ${plain.stderr}`);
    assert.ok(plain.stdout.length > 0 && !plain.stdout.startsWith('{'), at);
  }
});
