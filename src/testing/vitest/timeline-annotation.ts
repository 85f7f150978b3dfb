/** The type of the annotation that has a failed test's timeline; by it the reporter finds it. */
export const TIMELINE_ANNOTATION = 'timeline';

export const MARKDOWN = 'text/markdown';
