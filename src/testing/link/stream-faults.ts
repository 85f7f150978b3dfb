import type { Fault } from '../timeline/kinds/faults.js';

/** What is wrong with one stream of a link. All connections of the link share it. */
export class StreamFaults {
  private readonly faults = new Map<Fault['type'], Fault>();

  get any(): boolean {
    return this.faults.size > 0;
  }

  /** The faults, oldest first. */
  get all(): Iterable<Fault> {
    return this.faults.values();
  }

  get isBlackholed(): boolean {
    return this.faults.has('blackhole');
  }

  /** How much later everything arrives, in milliseconds. */
  get latency(): number {
    const fault = this.faults.get('latency');
    return fault?.type === 'latency' ? fault.milliseconds : 0;
  }

  get bytesPerSecond(): number {
    const fault = this.faults.get('bandwidth');
    return fault?.type === 'bandwidth' ? fault.bytesPerSecond : Infinity;
  }

  /** Whether the next bytes are to be damaged. Says so once. */
  takeCorrupt(): boolean {
    return this.faults.delete('corrupt');
  }

  impose(fault: Fault): void {
    this.faults.set(fault.type, fault);
  }

  clear(): void {
    this.faults.clear();
  }
}
