/** What a service refuses, in the words and codes of the real one; an SDK client makes it the error of that name. */
export class ServiceError extends Error {
  /**
   * @param code the service's own, e.g. `ValidationError`
   * @param message for the caller
   * @param status HTTP status. @default 400
   */
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
    this.name = code;
  }
}
