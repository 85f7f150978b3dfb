import { Module } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import { NewsGateway } from './one-redis.app.js';

@Module({ imports: [WebsocketModule], providers: [NewsGateway] })
export class NewsModule {}
