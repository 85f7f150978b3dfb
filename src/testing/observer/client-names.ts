/** The names of the clients that the test knows, by the id of their Engine.IO connection and by namespace. */
export class ClientNames {
  private readonly names = new Map<string, Map<string, string>>();

  get(connectionId: string, namespace: string): string | undefined {
    return this.names.get(connectionId)?.get(namespace);
  }

  /** @returns the function that forgets the connection */
  note(connectionId: string, namespace: string, name: string): () => void {
    const ofConnection = this.names.get(connectionId) ?? new Map<string, string>();
    this.names.set(connectionId, ofConnection.set(namespace, name));
    return () => this.names.delete(connectionId);
  }
}
