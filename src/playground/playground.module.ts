import { Module } from '@nestjs/common';
import { PlaygroundController } from './playground.controller.js';
import { PlaygroundGateway } from './playground.gateway.js';

/** A page at `/` to try the gateway by hand. */
@Module({ controllers: [PlaygroundController], providers: [PlaygroundGateway] })
export class PlaygroundModule {}
