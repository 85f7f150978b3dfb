import { expect, realtimeTest } from 'nest-realtime-kit/testing/vitest';
import { AppModule } from '../../src/app.module.js';
import { withChromium } from './support/chromium.js';

const test = withChromium(realtimeTest(AppModule));

test(
  'the playground shows a connection with its id and transport, events, and the ack of a sent event',
  { timeout: 30_000 },
  async ({ app, page }) => {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));

    await page.goto(app.url);
    await page.getByText('upgrade', { exact: true }).waitFor();
    await page.locator('#state.connected').waitFor();
    const id = await page.locator('#id').textContent();
    expect([...app.io.sockets.sockets.keys()]).toEqual([id]);
    expect(await page.locator('#state').textContent()).toBe('connected');
    expect(await page.locator('#transport').textContent()).toBe('websocket');

    await page.getByLabel('Payload').fill('{"text":"hi"}');
    await page.getByRole('button', { name: 'Send' }).click();
    const ack = page.locator('li', { hasText: 'ack of echo' });
    expect(await ack.locator('span').textContent()).toBe('{"text":"hi"}');

    app.io.emit('news', 1, 'two');
    const received = page.locator('li', { hasText: 'received news' });
    expect(await received.locator('span').textContent()).toBe('1, "two"');

    await page.getByRole('button', { name: 'Disconnect' }).click();
    await expect(app).toHaveLogged(`Client disconnected: ${id}`);
    expect(await page.locator('#state').textContent()).toBe('disconnected');
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.locator('#state.connected').waitFor();
    expect(await page.locator('li', { hasText: /connect$/ }).count()).toBeGreaterThan(0);
    expect(problems).toEqual([]);

    // A page that polls is kept alive for a while, with its poll, for the user to come back to.
    await page.getByText('upgrade', { exact: true }).nth(1).waitFor();
    await page.goto('about:blank');
    await expect.poll(() => app.io.sockets.sockets.size, { timeout: 10_000 }).toBe(0);
  },
);
