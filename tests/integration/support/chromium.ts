import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { TestContext } from 'vitest';

const candidates = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));

if (!executablePath && !process.env.CI) {
  console.error(
    '\n⚠ SKIPPING EVERY TEST THAT NEEDS A BROWSER.\n  Install Chromium, or say where it is: CHROMIUM_PATH\n',
  );
}

type Use<T> = (value: T) => Promise<void>;

/** Fixtures for `test.extend`: a page in a real Chromium. */
export const chromiumFixtures = {
  browser: async ({ skip }: TestContext, use: Use<Browser>) => {
    if (!executablePath && !process.env.CI) skip('no Chromium');
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-sync',
      ],
    });
    await use(browser);
    await browser.close();
  },
  page: async ({ browser }: { browser: Browser }, use: Use<Page>) => {
    const page = await browser.newPage();
    await use(page);
    await page.close();
  },
};
