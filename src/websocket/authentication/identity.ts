import type { Socket } from '../socket-io/socket.io.js';

/** The names of the identity's properties in `socket.data`. Kept outside, because an app may replace it by a copy. */
const claims = new WeakMap<Socket, readonly PropertyKey[]>();

/**
 * Puts the identity of a client into `socket.data` and removes the earlier one. Other data of the app stays. The
 * identity may be an instance of a class: its getters and methods are kept. It is copied, because several clients of
 * one user may share it.
 */
export function setIdentity(socket: Socket, identity: object): void {
  const known = socket.data as object | null | undefined;
  const data = known && Object.isExtensible(known) ? known : { ...known };
  const names = Reflect.ownKeys(identity).filter((name) => name !== '__proto__');
  const described = names.map((name) => Object.getOwnPropertyDescriptor(identity, name)!);
  removeClaims(socket, data);
  Object.setPrototypeOf(data, Object.getPrototypeOf(identity) as object | null);
  names.forEach((name, index) => {
    const descriptor = described[index]!;
    const changeable = 'value' in descriptor ? { writable: true } : {};
    Object.defineProperty(data, name, { ...descriptor, ...changeable, configurable: true });
  });
  claims.set(socket, names);
  socket.data = data;
}

/** The app's own data in `socket.data`, without the identity: a recovered client is authenticated again. */
export function withoutIdentity(socket: Socket): object {
  const data = { ...(socket.data as object) };
  removeClaims(socket, data);
  return data;
}

function removeClaims(socket: Socket, data: object): void {
  for (const name of claims.get(socket) ?? []) Reflect.deleteProperty(data, name);
}
