import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { WebsocketModule } from 'nest-realtime-kit';
import { startTestApp } from 'nest-realtime-kit/testing';

class AppModule {}
Module({ imports: [WebsocketModule.forRoot({ redis: { url: 'redis://127.0.0.1:6379' } })] })(AppModule);

try {
  await startTestApp(AppModule);
} catch (error) {
  console.log(error.message);
}
