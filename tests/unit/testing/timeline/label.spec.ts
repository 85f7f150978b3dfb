import { expect, test } from 'vitest';
import { label } from '../../../../src/testing/timeline/diagram/label.js';

const size = { width: 20, lines: 3 };

test.each([
  ['say "hi" to {bob}: now', `say "hi" to {bob}:<br/>now`],
  ['a;b#c', 'a#59;b#35;c'],
  ['<b>&</b>', '#60;b#62;#38;#60;/b#62;'],
  ['%%{init}%% $$x$$', '#37;#37;{init}#37;#37; #36;#36;x#36;#36;'],
  ['wrap: style a:b', 'wrap#58; style a#58;b'],
  ['one\ntwo\tthree', 'one ⏎ two three'],
  ['\u0000\u202e\ud83d', '���'],
  ['👩‍👩‍👧 日本', '👩‍👩‍👧 日本'],
  ['x'.repeat(45), `${'x'.repeat(20)}<br/>${'x'.repeat(20)}<br/>xxxxx`],
  ['begin '.repeat(10) + 'end', 'begin begin begin<br/>begin begin begin…<br/>begin end'],
])('label() escapes and wraps %j', (text, expected) => {
  expect(label(text, size)).toBe(expected);
});
