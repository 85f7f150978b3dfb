import { expect, test } from 'vitest';
import { eventsNamedIn, returnsAck } from '../../../../src/testing/coverage/scan.js';

test.each([
  ["client.emit('a', 1)", ['a']],
  ['this.server.to(room).emit("a:b")', ['a:b']],
  ['client.emit(\n  `a b`,\n  1)', ['a b']],
  ["await client.timeout(100).emitWithAck('a')", ['a']],
  ["client.emit('a'); client.emit('b'); client.emit('a')", ['a', 'b']],
  ["return { event: 'a', data: 1 }", ['a']],
  ["return { event: 'a', data }", ['a']],
  ["log({ event: 'a' })", []],
  ['client.emit(EVENT)', []],
  ['client.emit(`a${b}`)', []],
  ["client.emit('a' + b)", ['a']],
  ["// client.emit('a')\nclient.emit('b')", ['b']],
  ["/* client.emit('a') */", []],
  ["fetch('https://host'); client.emit('a')", ['a']],
])('eventsNamedIn() finds the events of %j', (source, events) => {
  expect(eventsNamedIn(source)).toEqual(events);
});

test.each([
  ['a() { return 1; }', true],
  ['a() { return"a" }', true],
  ['a() { return { id } }', true],
  ['async a() { return await this.b(); }', true],
  ['a() { this.b(); }', false],
  ['a() { if (b) return; this.c(); }', false],
  ['a() {\n  return\n}', false],
  ['a() { return undefined; }', false],
  ['a() { return void this.b(); }', false],
  ['a() { // return 1\n }', false],
  ["a() { return { event: 'b', data: 1 }; }", false],
  ['a() { return from([1]).pipe(map((data) => ({ event, data }))); }', false],
])('returnsAck() recognises whether a handler returns an ack: %j', (source, expected) => {
  expect(returnsAck(source)).toBe(expected);
});
