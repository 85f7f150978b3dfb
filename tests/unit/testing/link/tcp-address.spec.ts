import { expect, test } from 'vitest';
import { tcpAddressOf } from '../../../../src/testing/link/tcp-address.js';

test.for([
  ['redis://localhost', 'localhost', 6379],
  ['redis://user:secret@cache.internal:7000/2', 'cache.internal', 7000],
  ['http://127.0.0.1', '127.0.0.1', 80],
  ['https://[::1]', '::1', 443],
  ['redis://[fe80::1]:6380', 'fe80::1', 6380],
] as const)('%s is at host %s and port %i', ([url, host, port]) => {
  expect(tcpAddressOf(url)).toEqual({ host, port });
});

test('a URL without a known port is refused', () => {
  expect(() => tcpAddressOf('tcp://localhost')).toThrow('Expected a URL with a port');
});
