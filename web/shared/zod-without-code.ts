import { config } from 'zod';

// Imported before everything else: zod looks when a schema is made whether it may make code from text, which the pages'
// policy forbids, and the browser would tell of it.
config({ jitless: true });
