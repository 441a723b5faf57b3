// The places of members: whatever a JSON text looks like, they are those that a parser reads.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { membersAt, skipSpaces } from '../../src/ota/json-members.ts';

const read = (text: string): [string, unknown][] =>
  membersAt(text, skipSpaces(text, 0)).map(({ key, start, end }) => [key, JSON.parse(text.slice(start, end))]);

describe('the members of an object', () => {
  const texts: [what: string, text: string, members: [string, unknown][]][] = [
    ['none', ' { } ', []],
    [
      'in their order, equal names included',
      '{"b":1,"a":2,"b":3}',
      [
        ['b', 1],
        ['a', 2],
        ['b', 3],
      ],
    ],
    [
      'in lower case',
      '{"URL":1,"Ä":2}',
      [
        ['url', 1],
        ['ä', 2],
      ],
    ],
    [
      'with escapes',
      '{"\\u0041\\"":"\\\\","x\\\\":"\\\\\\""}',
      [
        ['a"', '\\'],
        ['x\\', '\\"'],
      ],
    ],
    [
      'of any kind',
      '{"a":null,"b":-1.5e3,"c":true,"d":[{"e":"]}"}],"f":{"g":["}"]}}',
      [
        ['a', null],
        ['b', -1500],
        ['c', true],
        ['d', [{ e: ']}' }]],
        ['f', { g: ['}'] }],
      ],
    ],
    [
      'between spaces',
      '\r\n{\t"a" :\n1 , "b":"x"\t}\n',
      [
        ['a', 1],
        ['b', 'x'],
      ],
    ],
  ];
  for (const [what, text, members] of texts) it(what, () => assert.deepEqual(read(text), members));

  it('whatever they are', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.nat(3), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const parsed = Object.entries(JSON.parse(text)).map(([name, value]) => [name.toLowerCase(), value]);
        assert.deepEqual(read(text), parsed);
      }),
    );
  });
});
