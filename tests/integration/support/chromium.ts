import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import type { TestAPI } from 'vitest';

const candidates = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'];
const executablePath = candidates.find((path) => path !== undefined && existsSync(path));

if (!executablePath && !process.env.CI) {
  console.error(
    '\n⚠ SKIPPING EVERY TEST THAT NEEDS A BROWSER.\n  Install Chromium, or say where it is: CHROMIUM_PATH\n',
  );
}

/** How long Chromium may take to start, in milliseconds: on a cold machine it takes seconds. */
const START = 60_000;

export interface ChromiumFixtures {
  /** One for the whole file; none where there is none to start, but in CI, where that is an error. */
  browser: Browser | undefined;
  /** One for each test, which is skipped where there is no browser. */
  page: Page;
}

/**
 * Gives a `test` pages in a real Chromium. To be called at the top of a file: Chromium starts before the first test, in a
 * time of its own.
 */
export function withChromium<Context extends object>(base: TestAPI<Context>): TestAPI<Context & ChromiumFixtures> {
  const test = (base as unknown as TestAPI).extend<ChromiumFixtures>({
    browser: [
      // oxlint-disable-next-line no-empty-pattern -- Vitest reads from the source which fixtures a fixture needs
      async ({}, use) => {
        const browser = executablePath || process.env.CI ? await launch() : undefined;
        await use(browser);
        await browser?.close();
      },
      { scope: 'file' },
    ],
    page: async ({ browser, skip }, use) => {
      const page = await browser?.newPage();
      if (!page) skip('no Chromium');
      else await use(page);
      await page?.close();
    },
  });
  test.beforeAll(({ browser }) => void browser, START);
  return test as unknown as TestAPI<Context & ChromiumFixtures>;
}

function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
  });
}
