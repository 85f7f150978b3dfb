/** By `LOAD=whole`, every load; else those that take seconds, for each pull request. */
export const isWhole = process.env['LOAD'] === 'whole';
