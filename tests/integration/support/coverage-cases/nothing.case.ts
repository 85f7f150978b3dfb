import { expect, test } from 'vitest';

test('starts no app', () => expect(1).toBe(1));
