import { createHandler } from './create-handler';

/** Called by EventBridge: see docs/lifecycle.md. */
export const handler = createHandler({ env: process.env });
