/** Of Engine.IO, between packets. */
const SEPARATOR = '\u001E';

/** A session of Engine.IO that a client without socket.io-client has opened. */
export class PollingSession implements AsyncDisposable {
  private constructor(
    private readonly url: string,
    readonly headers: Headers,
    /** What Engine.IO says first, with its settings. */
    readonly opening: Record<string, unknown>,
    /** What came with it. */
    readonly further: readonly string[],
  ) {}

  static async open(url: string, path = '/socket.io/', query = ''): Promise<PollingSession> {
    const address = `${url}${path}?EIO=4&transport=polling${query}`;
    const response = await fetch(address);
    const [first = '', ...further] = (await response.text()).split(SEPARATOR);
    const opening = JSON.parse(first.slice(1)) as Record<string, unknown>;
    return new PollingSession(`${address}&sid=${String(opening.sid)}`, response.headers, opening, further);
  }

  async send(...packets: string[]): Promise<number> {
    const { status } = await fetch(this.url, { method: 'POST', body: packets.join(SEPARATOR) });
    return status;
  }

  async poll(): Promise<string[]> {
    return (await (await fetch(this.url)).text()).split(SEPARATOR);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.send('1');
  }
}
