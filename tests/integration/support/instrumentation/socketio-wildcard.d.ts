declare module 'socketio-wildcard' {
  import type { Socket } from 'socket.io';

  /** Makes a middleware of a namespace's, by which `*` hears every event. */
  export default function wildcard(): (socket: Socket, next: (error?: Error) => void) => void;
}
