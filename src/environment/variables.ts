import type { Rate } from '../websocket/index.js';

/** An environment variable is missing or not valid, so the server cannot start. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(variable: string, value: string | undefined, expected: string) {
    super(`${variable} is ${value === undefined ? 'not set' : JSON.stringify(value)}; expected ${expected}`);
  }
}

/** Reads and checks environment variables. An empty variable counts as not set. */
export class Variables {
  constructor(private readonly env: NodeJS.ProcessEnv) {}

  text(variable: string): string | undefined {
    return this.env[variable] || undefined;
  }

  /** Values separated by commas. */
  list(variable: string): string[] {
    const texts = (this.text(variable) ?? '').split(',').map((text) => text.trim());
    return texts.filter(Boolean);
  }

  /** @throws EnvironmentError unless the value is a whole number, 1 or more */
  count(variable: string, unit: string): number | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
    throw new EnvironmentError(variable, value, `a whole number of ${unit}, 1 or more`);
  }

  /** @throws EnvironmentError unless the value is one of `choices` */
  choice<T extends string>(variable: string, choices: readonly [T, T]): T | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    const choice = choices.find((known) => known === value);
    if (choice) return choice;
    throw new EnvironmentError(variable, value, choices.map((known) => `"${known}"`).join(' or '));
  }

  /** @throws EnvironmentError unless the value is `on` or `off` */
  switch(variable: string): boolean | undefined {
    const choice = this.choice(variable, ['on', 'off']);
    return choice && choice === 'on';
  }

  /** A burst and a rate per second, such as `250/50`, or `off`. @throws EnvironmentError for any other value */
  rate(variable: string): Rate | false | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    if (value === 'off') return false;
    const [, burst, perSecond] = /^([1-9]\d{0,8})\/([1-9]\d{0,8})$/.exec(value) ?? [];
    if (burst && perSecond) return { burst: Number(burst), perSecond: Number(perSecond) };
    throw new EnvironmentError(variable, value, 'a burst and a rate for a second such as "250/50", or "off"');
  }
}
