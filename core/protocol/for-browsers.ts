/** What the browser SDK may use of core beside the protocol: types only, so that nothing else is bundled. */
export type { Clock, RandomSource, Timer } from '../clock';
export type { ErrorCode } from '../errors';
