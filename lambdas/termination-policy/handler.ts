import { createHandler } from './create-handler';

/** Called by Auto Scaling: see docs/lifecycle.md. */
export const handler = createHandler({ env: process.env });
