import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';

interface Mermaid {
  initialize(options: object): void;
  parse(text: string): Promise<unknown>;
  render(id: string, text: string): Promise<{ svg: string }>;
}

const library = fileURLToPath(new URL('../../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));

/**
 * Draws a diagram as GitHub does, by Mermaid in a browser.
 *
 * @returns its texts as a reader sees them, without the breaks of lines
 */
export async function render(page: Page, diagram: string): Promise<string> {
  if ((await page.locator('main').count()) === 0) {
    await page.setContent('<main></main>');
    await page.addScriptTag({ path: library });
  }
  const svg = await page.evaluate(async (source) => {
    const { mermaid } = globalThis as unknown as { mermaid: Mermaid };
    mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' });
    await mermaid.parse(source);
    return (await mermaid.render('diagram', source)).svg;
  }, diagram);
  await page.locator('main').evaluate((main, drawn) => void (main.innerHTML = drawn), svg);
  const texts = await page.locator('main svg text').allTextContents();
  return texts.join(' ');
}
