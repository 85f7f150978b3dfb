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
  ['an object without a prototype', Object.create(null)],
  ['an object without a text form', { toString: null, valueOf: null }],
  ['an exception whose status cannot be read', Object.assign(new HttpException('x', 400), { getStatus: null })],
  ['undefined', undefined],
])('%s is answered as an internal error when it is thrown', (_, thrown) => {
  expect(toErrorAnswer(thrown)).toEqual(INTERNAL_ERROR);
  expect(typeof textOf(thrown)).toBe('string');
  expect(['string', 'undefined']).toContain(typeof stackOf(thrown));
});

test.each<[string, unknown, string | number, string]>([
  ['a bigint', Object.assign(new WsException('no'), { code: 1n }), 'WS_EXCEPTION', 'no'],
  ['an object', new WsException({ code: {}, message: 'no' }), 'WS_EXCEPTION', 'no'],
  ['a number', new WsException({ code: 7, message: 'no' }), 7, 'no'],
])('an exception whose code is %s is meant for the client and keeps its message', (_, thrown, code, message) => {
  expect(isMeantForClient(thrown)).toBe(true);
  expect(toErrorAnswer(thrown)).toEqual({ status: 'error', code, message });
});
