/** Types of lock.mjs, for TypeScript. */
export function withLock<T>(
  options: { file: string; onWait: (holder: string) => void },
  action: () => Promise<T>,
): Promise<T>;
