import { Module } from '@nestjs/common';
import { readEnvironment } from './environment.js';
import { PlaygroundModule } from './playground/playground.module.js';
import { WebsocketModule } from './websocket/index.js';

/** The reference server: the gateway, set up from the environment, and a page to try it by hand. */
@Module({
  imports: [
    WebsocketModule.forRootAsync({
      useFactory: () => {
        const { corsOrigin, redisUrl } = readEnvironment(process.env);
        return { cors: { origin: corsOrigin }, ...(redisUrl && { redis: { url: redisUrl } }) };
      },
    }),
    PlaygroundModule,
  ],
})
export class AppModule {}
