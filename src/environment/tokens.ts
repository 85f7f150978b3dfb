import { createHash, timingSafeEqual } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import type { Authenticate } from '../websocket/index.js';
import { EnvironmentError } from './variables.js';

/** The identity of a client, in `socket.data`. */
export interface TokenUser {
  user: string;
}

/**
 * Accepts clients that send a known token in `auth: { token }`.
 *
 * @param pairs users and their tokens, such as `alice:secret`
 * @throws EnvironmentError if a pair has another form; the message does not show the token
 */
export function authenticateByTokens(variable: string, pairs: readonly string[]): Authenticate<TokenUser> {
  const users = pairs.map((pair) => {
    const [, user, token] = /^([^:]+):(.+)$/.exec(pair) ?? [];
    if (!user || !token) {
      throw new EnvironmentError(variable, '***', 'users and their tokens, separated by commas: "alice:secret"');
    }
    return { user, digest: digestOf(token) };
  });
  return ({ auth }) => {
    const { token } = auth;
    const digest = digestOf(typeof token === 'string' ? token : '');
    const known = users.find((one) => timingSafeEqual(one.digest, digest));
    if (!known) throw new UnauthorizedException('Unknown token');
    return { user: known.user };
  };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
