import { createHash, timingSafeEqual } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import type { Authenticate } from '../websocket/index.js';
import { EnvironmentError } from './variables.js';

/** Who a client is, in `socket.data`. */
export interface TokenUser {
  user: string;
}

/**
 * Lets those in that know a token: `auth: { token }` of the client.
 *
 * @param pairs each a user's name and token, as in `alice:secret`
 * @throws EnvironmentError when one of them is none; its token is not shown
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
