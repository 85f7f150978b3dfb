import type { Stage } from './stage.js';

/** The promises of an adapter, by what they say: each acts on a cluster and checks what its clients receive. */
export type Promises = Readonly<Record<string, (stage: Stage) => Promise<void>>>;
