import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { TestAPI } from 'vitest';
import type { ChromiumFixtures } from './chromium.js';

interface Mermaid {
  initialize(options: object): void;
  parse(text: string): Promise<unknown>;
  render(id: string, text: string): Promise<{ svg: string }>;
}

const library = fileURLToPath(new URL('../../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));

export interface MermaidFixtures {
  /** A page with Mermaid, one for the whole file; none where there is no browser. */
  board: Page | undefined;
  /**
   * Draws a diagram as GitHub does, by Mermaid in a browser. A test that needs it is skipped where there is none.
   *
   * @returns its texts as a reader sees them, without the breaks of lines
   */
  draw(diagram: string): Promise<string>;
}

/** A diagram as an SVG that can stand alone, in one of Mermaid's themes. */
export async function svgOf(page: Page, diagram: string, theme: 'default' | 'dark'): Promise<string> {
  await render(page, diagram, theme);
  return page.locator('main svg').evaluate((svg) => {
    const [, , width, height] = svg.getAttribute('viewBox')!.split(' ');
    svg.setAttribute('width', width);
    svg.setAttribute('height', height);
    svg.removeAttribute('style');
    return svg.outerHTML;
  });
}

/**
 * Gives a `test` that has a browser Mermaid. To be called at the top of a file: Mermaid is loaded before the first test,
 * in a time of its own.
 */
export function withMermaid<Context extends Pick<ChromiumFixtures, 'browser'>>(
  base: TestAPI<Context>,
): TestAPI<Context & MermaidFixtures> {
  const test = (base as unknown as TestAPI<Pick<ChromiumFixtures, 'browser'>>).extend<MermaidFixtures>({
    board: [
      async ({ browser }, use) => {
        const page = await browser?.newPage();
        await page?.setContent('<main></main>');
        await page?.addScriptTag({ path: library });
        await use(page);
        await page?.close();
      },
      { scope: 'file' },
    ],
    draw: async ({ board, skip }, use) => {
      if (!board) skip('no Chromium');
      else await use((diagram) => drawOn(board, diagram));
    },
  });
  test.beforeAll(({ board }) => void board, 30_000);
  return test as unknown as TestAPI<Context & MermaidFixtures>;
}

async function drawOn(page: Page, diagram: string): Promise<string> {
  await render(page, diagram, 'default');
  const texts = await page.locator('main svg text').allTextContents();
  return texts.join(' ');
}

async function render(page: Page, diagram: string, theme: 'default' | 'dark'): Promise<void> {
  const svg = await page.evaluate(
    async ([source, name]) => {
      const { mermaid } = globalThis as unknown as { mermaid: Mermaid };
      mermaid.initialize({
        startOnLoad: false,
        securityLevel: 'strict',
        theme: name,
        sequence: { mirrorActors: false },
      });
      await mermaid.parse(source!);
      return (await mermaid.render('diagram', source!)).svg;
    },
    [diagram, theme],
  );
  await page.locator('main').evaluate((main, drawn) => void (main.innerHTML = drawn), svg);
}
