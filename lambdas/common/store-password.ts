import { FleetError } from '../../core/errors';

/** Passwords to try, the current one first. */
export type StorePasswords = readonly string[];

/** Reads a secret's text. */
export type ReadSecret = (secretArn: string) => Promise<string | undefined>;

/** The store's passwords from Secrets Manager, read once and again when the store refuses them. */
export class StorePassword {
  #passwords: Promise<StorePasswords> | undefined;

  constructor(
    private readonly secretArn: string,
    private readonly readSecret: ReadSecret,
  ) {}

  /** @throws FleetError FLEET_ERR_CONFIG for a secret of another form; what Secrets Manager throws */
  read(): Promise<StorePasswords> {
    if (!this.#passwords) {
      const reading = this.readSecret(this.secretArn).then(parsePasswords);
      this.#passwords = reading;
      // A failure is not kept: the next invocation asks again.
      reading.catch(() => {
        if (this.#passwords === reading) this.#passwords = undefined;
      });
    }
    return this.#passwords;
  }

  /** The store refused what was read: it was rotated meanwhile. */
  forget(): void {
    this.#passwords = undefined;
  }
}

/** The form of every secret of the deployment: core/auth/rotating-secret.ts. Read by hand, since zod costs start time. */
function parsePasswords(text: string | undefined): StorePasswords {
  const { current, previous } = parseObject(text ?? '');
  if (typeof current !== 'string' || current === '') {
    throw new FleetError('FLEET_ERR_CONFIG', {
      message: 'the secret of FLEET_REDIS_SECRET_ARN must be JSON with "current"',
    });
  }
  return typeof previous === 'string' && previous !== '' ? [current, previous] : [current];
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Said by the caller, without the text.
    return {};
  }
}
