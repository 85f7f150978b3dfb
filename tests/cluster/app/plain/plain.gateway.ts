import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
} from '@nestjs/websockets';
import type { Server, Socket } from 'socket.io';

const helper = fileURLToPath(new URL('helper.js', import.meta.url));

@WebSocketGateway(process.env.RECOVERY ? { connectionStateRecovery: {} } : {})
export class PlainGateway implements OnGatewayConnection, OnGatewayDisconnect, OnApplicationShutdown {
  @WebSocketServer() private readonly server!: Server;
  private readonly logger = new Logger(PlainGateway.name);
  private readonly seen: WeakRef<Socket>[] = [];

  handleConnection(client: Socket): void {
    this.seen.push(new WeakRef(client));
  }

  async handleDisconnect(client: Socket): Promise<void> {
    if (client.handshake.auth.failsLeaving) throw new Error('nobody to say goodbye to');
  }

  onApplicationShutdown(): void {
    if (process.env.UNFLUSHED) this.logger.error('could not flush the outbox');
  }

  @SubscribeMessage('announce')
  announce(@MessageBody() text: unknown): boolean {
    this.server.emit('announced', text);
    return true;
  }

  @SubscribeMessage('share')
  share(): boolean {
    this.server.emit('shared', new SharedArrayBuffer(8));
    this.server.emit('announced', 'shared');
    return true;
  }

  /** How the process looks to the app. */
  @SubscribeMessage('process')
  process() {
    const { argv, execArgv, env, send, connected } = process;
    return {
      arguments: argv.length,
      execArgv,
      variables: Object.keys(env).filter((name) => name.startsWith('NEST_') || name.startsWith('NODE_CHANNEL')),
      hasParent: send !== undefined || connected !== undefined,
    };
  }

  /** What a forked process that waits for messages answers. */
  @SubscribeMessage('fork')
  async fork(@MessageBody() work: string): Promise<unknown> {
    const child = fork(helper);
    const ended = once(child, 'exit').then(() => ['it has ended']);
    setTimeout(() => child.connected && child.send(work), 500);
    const [answer] = await Promise.race([once(child, 'message'), ended]);
    child.kill();
    return answer;
  }

  @SubscribeMessage('thread')
  async thread(): Promise<unknown> {
    const worker = new Worker(helper);
    const [answer] = (await once(worker, 'message')) as [unknown];
    await worker.terminate();
    return answer;
  }

  /** Starts a program that keeps the output of this process open. @returns its process id */
  @SubscribeMessage('hold output')
  holdOutput(): number {
    const program = spawn('sleep', ['30'], { stdio: 'inherit', detached: true });
    program.unref();
    return program.pid!;
  }

  /** How many of all sockets are still in memory. */
  @SubscribeMessage('kept')
  async kept(): Promise<number> {
    setFlagsFromString('--expose-gc');
    await nextTurn();
    (runInNewContext('gc') as () => void)();
    return this.seen.filter((socket) => socket.deref()).length;
  }

  @SubscribeMessage('print')
  print(@MessageBody() length: number): boolean {
    process.stdout.write(`${'x'.repeat(length)}\n`);
    return true;
  }

  @SubscribeMessage('crash')
  crash(): void {
    process.kill(process.pid, 'SIGSEGV');
  }

  @SubscribeMessage('exit')
  exit(): void {
    for (let line = 1; line <= 5_000; line += 1) this.logger.log(`${line} `.padEnd(200, '.'));
    this.logger.error('last words');
    process.exit(0);
  }
}

@Module({ providers: [PlainGateway] })
export class PlainModule {}
