/** The environment variable that tells the agent to act in this process. */
export const AGENT = 'NEST_REALTIME_KIT_AGENT';
