import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { startTestApp } from '../../../../dist/testing/index.js';

class AppModule {}
Module({})(AppModule);

try {
  const app = await startTestApp(AppModule);
  console.log('listens');
  await app.close();
} catch (error) {
  console.log(`${error.name}: ${error.message}`);
}
