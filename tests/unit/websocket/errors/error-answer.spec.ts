import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { expect, test } from 'vitest';
import { INTERNAL_ERROR, isMeantForClient, toErrorAnswer } from '../../../../src/websocket/errors/error-answer.js';
import { stackOf, textOf } from '../../../../src/websocket/errors/report-error.js';

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error('secret'), {});
  revoke();
  return proxy;
}

const hostile = new Proxy(new WsException('secret'), {
  get: () => {
    throw new Error('secret');
  },
});

test.each<[string, unknown]>([
  ['a revoked proxy', revoked()],
  ['a proxy that throws', hostile],
  ['no prototype', Object.create(null)],
  ['no text', { toString: null, valueOf: null }],
  ['an exception whose status cannot be read', Object.assign(new HttpException('x', 400), { getStatus: null })],
  ['undefined', undefined],
])('%s can be thrown, and is told as a fault', (_, thrown) => {
  expect(toErrorAnswer(thrown)).toEqual(INTERNAL_ERROR);
  expect(typeof textOf(thrown)).toBe('string');
  expect(['string', 'undefined']).toContain(typeof stackOf(thrown));
});

test.each<[string, unknown, string | number, string]>([
  ['a bigint', Object.assign(new WsException('no'), { code: 1n }), 'WS_EXCEPTION', 'no'],
  ['an object', new WsException({ code: {}, message: 'no' }), 'WS_EXCEPTION', 'no'],
  ['a number', new WsException({ code: 7, message: 'no' }), 7, 'no'],
])('a code that is %s', (_, thrown, code, message) => {
  expect(isMeantForClient(thrown)).toBe(true);
  expect(toErrorAnswer(thrown)).toEqual({ status: 'error', code, message });
});
