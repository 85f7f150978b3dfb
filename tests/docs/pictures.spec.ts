import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { WebsocketModule, type Socket } from 'nest-realtime-kit';
import { assertThat, startTestApp } from 'nest-realtime-kit/testing';
import { expect, test as base } from 'vitest';
import { withChromium } from '../integration/support/chromium.js';
import { blocksOf, read } from '../integration/support/docs/blocks.js';
import { stable } from '../integration/support/docs/stable.js';
import { PALETTES, escaped, terminalPicture } from '../integration/support/docs/terminal-picture.js';
import { svgOf, withMermaid } from '../integration/support/mermaid.js';

/* The pictures of the README: its failure as a terminal shows it, and the sequence diagram of the same test, made by
   Mermaid in a browser. `pnpm docs:pictures` writes them. */

const isWriting = process.env.PICTURES === 'write';
const test = withMermaid(withChromium(base));
const themes = ['light', 'dark'] as const;

const pathOf = (name: string): string => fileURLToPath(new URL(`../../docs/pictures/${name}.svg`, import.meta.url));

/** The failure, as the README has it, and a test runs it. */
const failure = blocksOf('README.md').find(({ info }) => info === 'fails')!.printed!.code;

test.each(themes)('the picture of the failure in %s colours matches the README', (theme) => {
  const picture = terminalPicture(failure, PALETTES[theme]);
  if (isWriting) writeFileSync(pathOf(`failure-${theme}`), picture);
  expect(readFileSync(pathOf(`failure-${theme}`), 'utf8')).toBe(picture);
});

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('say later')
  async sayLater(@ConnectedSocket() client: Socket, @MessageBody() text: string): Promise<void> {
    await delay(100);
    client.to('lobby').emit('said', text);
  }
}

/** The diagram of the test that fails. */
async function diagramOfFailure(): Promise<string> {
  @Module({ imports: [WebsocketModule.forRoot({ eventsGateway: false })], providers: [ChatGateway] })
  class ChatModule {}
  const app = await startTestApp(ChatModule);
  const alice = await app.connect({ name: 'alice' });
  const bob = await app.connect({ name: 'bob' });
  await bob.emitWithAck('join', 'lobby');
  alice.emit('say later', 'hi');
  await assertThat(bob)
    .not.toReceive('said')
    .catch(() => {});
  const diagram = app.timeline.toMermaid();
  await app.close();
  return diagram;
}

/** A picture has in it what it was drawn from. */
const SOURCE = /(?<=<desc>)[^]*(?=<\/desc>)/;

test('the picture of the diagram matches the timeline of the same test', async ({ board }) => {
  const source = escaped(stable(await diagramOfFailure()));
  for (const theme of themes) {
    if (isWriting) {
      const drawn = await svgOf(board!, await diagramOfFailure(), theme === 'dark' ? 'dark' : 'default');
      writeFileSync(pathOf(`diagram-${theme}`), `${drawn.replace(/(?<=<svg [^>]*>)/, `<desc>${source}</desc>`)}\n`);
    }
    expect(SOURCE.exec(readFileSync(pathOf(`diagram-${theme}`), 'utf8'))?.[0]).toBe(source);
  }
});

const HOUSE = /(?<=<!-- house: (\S+) -->\n)[^]*?(?=<!-- end of house -->)/g;

test('the maps of the folders in CONTRIBUTING show the imports of the sources', () => {
  const page = read('CONTRIBUTING.md');
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const mapOf = (folder: string): string =>
    execFileSync(process.execPath, ['.ci/check-structure.js', '--map', folder], { cwd, encoding: 'utf8' });
  const drawn = page.replaceAll(HOUSE, (_, folder: string) => `\n\`\`\`mermaid\n${mapOf(folder)}\`\`\`\n\n`);
  if (isWriting) writeFileSync(fileURLToPath(new URL('../../CONTRIBUTING.md', import.meta.url)), drawn);
  else expect(page).toBe(drawn);
});
