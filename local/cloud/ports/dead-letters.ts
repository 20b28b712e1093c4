/** What could not be delivered, or was tried in vain. */
export interface DeadLetter {
  /** Name of the function or rule. */
  source: string;
  body: string;
  attributes: Readonly<Record<string, string>>;
}

/** Queues of SQS, as far as they take what failed. */
export interface DeadLetters {
  /** Never throws. False: there is no such queue. */
  send(queueArn: string, letter: DeadLetter): boolean;
}
