import { Module } from '@nestjs/common';
import { readEnvironment } from './environment/environment.js';
import { HealthModule } from './health/health.module.js';
import { PlaygroundModule } from './playground/playground.module.js';
import { WebsocketModule } from './websocket/index.js';

/** The reference server: a gateway configured by environment variables, health checks, and a page to try it by hand. */
@Module({
  imports: [
    WebsocketModule.forRootAsync({
      isGlobal: true,
      useFactory: () => readEnvironment(process.env).websocket,
    }),
    HealthModule,
    PlaygroundModule,
  ],
})
export class AppModule {}
