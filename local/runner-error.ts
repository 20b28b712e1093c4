/** Why the local fleet could not do what was asked: one line for a person, with the remedy in it. */
export class RunnerError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'RunnerError';
  }
}
