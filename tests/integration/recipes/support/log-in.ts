import type { TestApp } from 'nest-realtime-kit/testing';
import { expect } from 'vitest';

/** Sends a POST request, and expects it to succeed. */
export async function post(app: TestApp, path: string, body: object, cookie = ''): Promise<Response> {
  const response = await fetch(`${app.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(201);
  return response;
}

/** Logs a user in. @returns the cookie that a browser would send from then on */
export async function logIn(app: TestApp, user: string): Promise<string> {
  const response = await post(app, '/login', { user });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
