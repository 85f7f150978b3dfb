/** Event names and their listeners, as Socket.IO types them. */
export interface EventsMap {
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape of Socket.IO's own EventsMap
  [event: string]: any;
}
