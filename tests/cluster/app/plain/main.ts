import { NestFactory } from '@nestjs/core';
import { PlainModule } from './plain.gateway.js';

/** A server of plain Nest, which uses processes, threads and signals by itself. */
const app = await NestFactory.create(PlainModule);
app.enableShutdownHooks();
await app.listen(3000);
