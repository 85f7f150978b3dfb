import { Module, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PlainModule } from './plain.gateway.js';

/** A server of plain Nest, which uses processes, threads and signals by itself. The environment may make it unusual. */
const { ADMIN, LEVEL, TLS } = process.env;

@Module({})
class AdminModule {}

if (ADMIN) await (await NestFactory.create(AdminModule)).listen(0, '127.0.0.1');
if (ADMIN === 'only') throw new Error('only the admin is there');
const httpsOptions = TLS ? { ciphers: 'aNULL@SECLEVEL=0', maxVersion: 'TLSv1.2' as const } : undefined;
const logger = LEVEL ? [LEVEL as LogLevel] : undefined;
const app = await NestFactory.create(PlainModule, { httpsOptions, logger });
app.enableShutdownHooks();
await app.listen(3000);
