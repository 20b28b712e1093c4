import { RunnerError } from '../runner-error';

export interface OperatorClientOptions {
  /** The fleet: any of its gateways, or the load balancer before them. */
  url: string;
  /** @default none: a fleet on this machine that lets everybody in */
  token?: string | undefined;
}

/** A node waits for placement and for another node before it answers, milliseconds. */
const TIMEOUT_MS = 20_000;

/** Calls the operator API of a fleet. */
export class OperatorClient {
  readonly #options: OperatorClientOptions;

  constructor(options: OperatorClientOptions) {
    this.#options = options;
  }

  /** @throws RunnerError with the code that the fleet gave, or why it could not be asked */
  get<Answer>(path: `/v1/${string}`): Promise<Answer> {
    return this.#ask<Answer>(path, { method: 'GET' });
  }

  /** As `get`. */
  post<Answer>(path: `/v1/${string}`, body: object): Promise<Answer> {
    const headers = { 'content-type': 'application/json' };
    return this.#ask<Answer>(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #ask<Answer>(path: string, { headers, ...request }: RequestInit): Promise<Answer> {
    const { url, token } = this.#options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, url), {
        ...request,
        headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) } as Record<
          string,
          string
        >,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      text = await response.text();
    } catch (cause) {
      throw new RunnerError(`${url} does not answer (${reasonOf(cause)})`, { cause });
    }
    const answer = parse(text);
    if (response.ok && answer !== undefined) return answer as Answer;
    throw new RunnerError(
      refusalOf(answer) ?? `${url} answered ${response.status}: it is no fleet's gateway`,
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the fleet says in its errors; undefined for who is none. */
function refusalOf(answer: unknown): string | undefined {
  const { code, message } = (answer ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return message.startsWith(code) ? message : `${code}: ${message}`;
}

function reasonOf(cause: unknown): string {
  const { name, cause: inner, message } = cause as Error;
  if (name === 'TimeoutError') return `nothing within ${TIMEOUT_MS / 1_000} s`;
  const { code, message: why = message } = (inner ?? {}) as { code?: string; message?: string };
  return code ?? why;
}
