import { Controller, Get, Header } from '@nestjs/common';
import { PLAYGROUND_PAGE } from './playground.page.js';

@Controller()
export class PlaygroundController {
  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  page(): string {
    return PLAYGROUND_PAGE;
  }
}
