// What a person can do something about: shown as one block, without a stack trace.
export class SetupError extends Error {
  /**
   * @param {object} options
   * @param {string} options.title what is missing or went wrong, in one line
   * @param {string[]} options.remedies what the person must do, one command or sentence each
   * @param {string} [options.details] a program's own words
   */
  constructor({ title, remedies, details }) {
    super(title);
    this.name = 'SetupError';
    this.remedies = remedies;
    this.details = details;
  }

  /** @returns {string} */
  block() {
    return [
      `Set-up stopped: ${this.message}`,
      ...(this.details ? ['', ...this.details.split('\n').map((line) => `    ${line}`)] : []),
      '',
      'What to do:',
      ...this.remedies.map((remedy) => `  ${remedy}`),
    ].join('\n');
  }
}
