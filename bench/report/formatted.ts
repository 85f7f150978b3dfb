import { format, resolveConfig } from 'prettier';
import { root } from '../root.js';

/** As `pnpm lint` wants it. */
export async function formatted(text: string, parser: 'json' | 'markdown'): Promise<string> {
  const config = await resolveConfig(`${root}package.json`);
  return format(text, { ...config, parser });
}
