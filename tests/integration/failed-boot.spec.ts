import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const server = fileURLToPath(new URL('support/failing-server.js', import.meta.url));

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

test.each([
  ['afterInit', 'a client is told ECONNREFUSED'],
  ['onModuleInit', 'a client is '],
  ['onApplicationBootstrap', 'a client is '],
])('a gateway whose %s fails does not keep the process alive, and the output contains "%s"', async (hook, told) => {
  const child = spawn(process.execPath, [server], {
    env: { PATH: process.env.PATH, GATEWAY_PORT: String(await freePort()), FAILING_HOOK: hook },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  const [code] = (await once(child, 'close')) as [number];
  expect(output).toContain('not started: no database');
  expect(output).toContain(told);
  expect(code).toBe(0);
});
