import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Finds a script of this package as the project at hand would import it. The package does not know where it is itself.
 *
 * @param name the subpath: `testing/agent`
 * @throws Error when the package is not found from the directory
 */
export function scriptOf(name: string, cwd: string): string {
  const script = `nest-realtime-kit/${name}`;
  try {
    return createRequire(join(cwd, 'package.json')).resolve(script);
  } catch (cause) {
    throw new Error(
      `A process needs the script ${script}, which is not found from ${cwd}: run the tests from a folder in which ` +
        'nest-realtime-kit is installed.',
      { cause },
    );
  }
}
