// Plain JavaScript on the built package: what users of node:test or Jest do. Two apps are closed, in a process that
// `REALTIME_COVERAGE_DIR` tells where to leave their coverage; then it is read, judged and printed.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule } from '../../../dist/websocket/index.js';
import { coverageShortfalls, printCoverage, readCoverage, startTestApp } from '../../../dist/testing/index.js';

class EchoGateway {
  echo(client, text) {
    client.emit('echoed', text);
    return text;
  }
}
const echo = Object.getOwnPropertyDescriptor(EchoGateway.prototype, 'echo');
SubscribeMessage('echo')(EchoGateway.prototype, 'echo', echo);
WebSocketGateway()(EchoGateway);

class AppModule {}
Module({ imports: [WebsocketModule], providers: [EchoGateway] })(AppModule);

for (const text of ['one', 'two']) {
  const app = await startTestApp(AppModule);
  const client = await app.connect();
  await client.emitWithAck('echo', text);
  await app.close();
}
const coverage = readCoverage(process.env.REALTIME_COVERAGE_DIR);
console.log(printCoverage(coverage));
console.log(coverageShortfalls(coverage, 100).length);
