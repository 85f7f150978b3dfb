import { compareOver } from './support/compare-over.js';

compareOver('polling');
