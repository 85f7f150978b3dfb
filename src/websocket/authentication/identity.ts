import type { Socket } from '../socket-io/socket.io.js';

/** By which names a client's identity is in its `socket.data`: beside the data, since an app may replace that by a copy. */
const claims = new WeakMap<Socket, readonly PropertyKey[]>();

/**
 * Puts into `socket.data` who a client is, in place of who it was; what else the app has put there stays. The identity may
 * be an instance of a class: its getters and methods are there as well. It is copied, since it may be shared by several
 * clients of one user.
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

/** What the app itself has put into `socket.data`: who comes back is asked for again. */
export function withoutIdentity(socket: Socket): object {
  const data = { ...(socket.data as object) };
  removeClaims(socket, data);
  return data;
}

function removeClaims(socket: Socket, data: object): void {
  for (const name of claims.get(socket) ?? []) Reflect.deleteProperty(data, name);
}
