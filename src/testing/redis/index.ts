export { RedisContainerError, startRedis, type RedisContainerOptions, type StartedRedis } from './start-redis.js';
