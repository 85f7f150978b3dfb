import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WebsocketModule } from 'nest-realtime-kit';
import { AdapterContractModule } from 'nest-realtime-kit/testing';
import { joiningGateway } from './joining.gateway.js';

/** The app of the adapter contract, joined by the adapter that the environment names. */
const { ADAPTER = 'redis' } = process.env;

@Module({ imports: [WebsocketModule, AdapterContractModule], providers: [await joiningGateway(ADAPTER)] })
class ContractApp {}

const app = await NestFactory.create(ContractApp);
app.enableShutdownHooks(['SIGTERM'], { useProcessExit: true });
await app.listen(0);
