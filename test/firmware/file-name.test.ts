// Names of firmware files: what servers send is read, what is written is safe for a header and a file system.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cleanFileName, contentDisposition, readFileName } from '../../src/firmware/file-name.ts';
import { seeded } from '../policy/random.ts';

describe('a clean name', () => {
  const names: [text: string, clean: string][] = [
    ['bread-compact-wifi_2.0.0.bin', 'bread-compact-wifi_2.0.0.bin'],
    ['固件 2.bin', '固件 2.bin'],
    ['ü😀.bin', 'ü😀.bin'],
    ['100%.bin', '100%.bin'],
    ['/etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['a/b\\c.bin', 'c.bin'],
    ['a;b=c.bin', 'a_b=c.bin'],
    ['C:evil.bin', 'C_evil.bin'],
    ['file.bin::$DATA', 'file.bin__$DATA'],
    ['a\r\nSet-Cookie: x.bin', 'a__Set-Cookie_ x.bin'],
    ['a\0.bin', 'a_.bin'],
    ['"a\'b`.bin', '_a_b_.bin'],
    ['<a>|?*.bin', '_a____.bin'],
    ['gpj\u202enib.bin', 'gpj_nib.bin'],
    ['a\u2028b\ufeff\u0085.bin', 'a_b__.bin'],
    ['a\ud800.bin', 'a_.bin'],
    ['.hidden', 'hidden'],
    ['  . a.bin . ', 'a.bin'],
    ['con', '_con'],
    ['NUL.bin', '_NUL.bin'],
    ['com1 .bin', '_com1 .bin'],
    ['console.bin', 'console.bin'],
    ['', 'firmware.bin'],
    ['.', 'firmware.bin'],
    ['..', 'firmware.bin'],
    ['. . .', 'firmware.bin'],
    ['fw/', 'firmware.bin'],
    ['fw\\', 'firmware.bin'],
    [`${'a'.repeat(200)}.bin`, `${'a'.repeat(124)}.bin`],
    [`${'固'.repeat(100)}.bin`, `${'固'.repeat(41)}.bin`],
    [`${'😀'.repeat(100)}`, '😀'.repeat(32)],
    [`a${'😀'.repeat(100)}`, `a${'😀'.repeat(31)}`],
    [`${'a'.repeat(127)}. ${'b'.repeat(100)}`, 'a'.repeat(127)],
    [`con${' '.repeat(200)}x`, '_con'],
  ];
  for (const [text, clean] of names) {
    it(JSON.stringify(text.slice(0, 40)), () => assert.equal(cleanFileName(text), clean));
  }
});

describe('a name in Content-Disposition', () => {
  const fields: [field: string | undefined, name: string | null][] = [
    ['attachment; filename="bread-compact-wifi_2.0.0.bin"', 'bread-compact-wifi_2.0.0.bin'],
    ['attachment; filename=board_2.0.0.bin', 'board_2.0.0.bin'],
    ['attachment;filename=board_2.0.0.bin;size=5', 'board_2.0.0.bin'],
    ['ATTACHMENT ; FileName = "a.bin" ; x=y', 'a.bin'],
    ['inline; filename="a b;c.bin"', 'a b;c.bin'],
    ['attachment; filename=a b.bin', 'a b.bin'],
    ['filename=a.bin', 'a.bin'],
    // RFC 6266 section 5.
    ['Attachment; filename=example.html', 'example.html'],
    ['INLINE; FILENAME= "an example.html"', 'an example.html'],
    ["attachment; filename*= UTF-8''%e2%82%ac%20rates", '€ rates'],
    ['attachment; filename="EURO rates"; filename*=utf-8\'\'%e2%82%ac%20rates', '€ rates'],
    ['attachment; filename*=utf-8\'\'%e2%82%ac%20rates; filename="EURO rates"', '€ rates'],
    // RFC 8187 section 3.2.3.
    ["attachment; filename*=iso-8859-1'en'%A3%20rates", '£ rates'],
    ['attachment; filename*="UTF-8\'\'a%20b.bin"', 'a b.bin'],
    // What cannot be read leaves the plain form.
    ["attachment; filename=a.bin; filename*=UTF-8''%ff", 'a.bin'],
    ["attachment; filename=a.bin; filename*=UTF-8''%zz", 'a.bin'],
    ["attachment; filename=a.bin; filename*=gb18030''%b9%cc", 'a.bin'],
    ['attachment; filename=a.bin; filename*=b.bin', 'a.bin'],
    ["attachment; filename=a.bin; filename*=UTF-8''", 'a.bin'],
    ['attachment; filename="a\\"b\\\\c.bin"', 'a"b\\c.bin'],
    ['attachment; filename="a\\";b.bin"', 'a";b.bin'],
    ['attachment; filename="a.bin', 'a.bin'],
    ['attachment; filename="a.bin\\', 'a.bin'],
    ['attachment; filename="a.bin"junk; x=y', 'a.bin'],
    ['attachment; filename="../../etc/passwd"', '../../etc/passwd'],
    ['attachment; filename="%41.bin"', '%41.bin'],
    ['attachment; filename="a.bin"; filename="b.bin"', 'a.bin'],
    ['attachment; xfilename="a.bin"', null],
    ['attachment; x="; filename=a.bin"', null],
    ['attachment', null],
    ['attachment; filename', null],
    ['attachment; filename=', null],
    ['attachment; filename=""', null],
    ['', null],
    [undefined, null],
    [`attachment; filename="${'a'.repeat(9000)}"`, null],
    // UTF-8 in the plain form, one character for each byte, and Latin-1 that is none.
    [`attachment; filename="${Buffer.from('固件.bin').toString('latin1')}"`, '固件.bin'],
    ['attachment; filename="固件.bin"', '固件.bin'],
    ['attachment; filename="f\xfcr.bin"', 'für.bin'],
  ];
  for (const [field, name] of fields) {
    it(JSON.stringify(field)?.slice(0, 60) ?? 'absent', () => assert.equal(readFileName(field), name));
  }
});

describe('our own Content-Disposition', () => {
  const fields: [name: string, field: string][] = [
    ['board_2.0.0.bin', 'attachment; filename="board_2.0.0.bin"'],
    ['a b.bin', 'attachment; filename="a b.bin"'],
    ['€ rates', 'attachment; filename="_ rates"; filename*=UTF-8\'\'%E2%82%AC%20rates'],
    ['100%(1)!.bin', 'attachment; filename="100_(1)!.bin"; filename*=UTF-8\'\'100%25%281%29%21.bin'],
    ['😀.bin', 'attachment; filename="_.bin"; filename*=UTF-8\'\'%F0%9F%98%80.bin'],
    ['../x"; a\r\nb: c', 'attachment; filename="x__ a__b_ c"'],
    ['', 'attachment; filename="firmware.bin"'],
  ];
  for (const [name, field] of fields) {
    it(JSON.stringify(name), () => assert.equal(contentDisposition(name), field));
  }
});

describe('hostile names', () => {
  const PIECES = [
    'a',
    '.',
    ' ',
    '/',
    '\\',
    '"',
    "'",
    ';',
    '=',
    '*',
    '%',
    '%41',
    '\r',
    '\n',
    '\0',
    '\x7f',
    '\x85',
    'con',
    '.bin',
    '固',
    '😀',
  ];
  const BROKEN = ['\ud800', '\udc00', '\u202e', '\ufeff', "filename*=UTF-8''", 'filename="', '\xe5\x9b'];

  it('are clean, stay as they are when cleaned again, and come back from our own header', () => {
    const random = seeded(6266);
    for (let round = 0; round < 20_000; round += 1) {
      const repeated = random.below(10) === 0 ? 150 : 1;
      const text = Array.from({ length: random.below(12) }, () =>
        random.pick([...PIECES, ...BROKEN]).repeat(random.below(repeated) + 1),
      ).join('');
      const clean = cleanFileName(text);
      const shown = JSON.stringify({ text, clean });
      assert.match(clean, /^[^"'`;<>:|?*/\\\p{C}\p{Zl}\p{Zp}]+$/u, shown);
      assert.doesNotMatch(clean, /^[. ]|[. ]$/, shown);
      assert.ok(Buffer.byteLength(clean) <= 128, shown);
      assert.equal(cleanFileName(clean), clean, shown);
      const field = contentDisposition(text);
      assert.match(field, /^[\x20-\x7e]+$/, shown);
      assert.equal(readFileName(field), clean, shown);
      const read = readFileName(text);
      assert.ok(read === null || read.length > 0, shown);
    }
  });

  it('take no longer than their length allows', () => {
    const startedMs = performance.now();
    for (const piece of ['. ', '.', '"', '\\"', ';', "'", '%', '%e5', 'a;', '=', '\ud800']) {
      const long = piece.repeat(8000 / piece.length);
      for (const start of ['', 'filename=', 'filename="', "filename*=UTF-8'", '/']) readFileName(`${start}${long}x`);
      const huge = piece.repeat(1_000_000 / piece.length);
      cleanFileName(`a${huge}x`);
      contentDisposition(huge);
    }
    // Quadratic time would take minutes.
    assert.ok(performance.now() - startedMs < 5000);
  });
});
