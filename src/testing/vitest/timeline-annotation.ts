/** The type of the annotation with a failed test's timeline. The reporter finds the annotation by it. */
export const TIMELINE_ANNOTATION = 'timeline';

export const MARKDOWN = 'text/markdown';
