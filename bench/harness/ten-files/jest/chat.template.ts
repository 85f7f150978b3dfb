import type { AddressInfo } from 'node:net';
import { Logger, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { io, type Socket } from 'socket.io-client';
import { ChatModule } from './gateway';

let app: INestApplication;
let url: string;
const logged: unknown[] = [];
const sockets: Socket[] = [];

beforeEach(async () => {
  const module = await Test.createTestingModule({ imports: [ChatModule] }).compile();
  app = module.createNestApplication();
  const log = (message: unknown): void => void logged.push(message);
  Logger.overrideLogger({ log, error: log, warn: log });
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await app.close();
});

async function connect(): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve) => {
    socket.on('connect', resolve);
  });
  return socket;
}

test('logs who comes', async () => {
  const alice = await connect();
  expect(logged).toContain(`Client connected: ${alice.id}`);
});

test('answers', async () => {
  const alice = await connect();
  expect(await alice.emitWithAck('join', 'lobby')).toBe('lobby');
});

test('tells the room', async () => {
  const [alice, bob] = [await connect(), await connect()];
  await bob.emitWithAck('join', 'lobby');
  const said = new Promise((resolve) => {
    bob.on('said', resolve);
  });
  alice.emit('say', 'hi');
  expect(await said).toBe('hi');
});

test('tells nobody else', async () => {
  const [alice, carol] = [await connect(), await connect()];
  const said = jest.fn();
  carol.on('said', said);
  alice.emit('say', 'hi');
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  expect(said).not.toHaveBeenCalled();
});

test('answers one after the other', async () => {
  const alice = await connect();
  for (const room of ['a', 'b', 'c']) expect(await alice.emitWithAck('join', room)).toBe(room);
});
