import { audienceOf, operatorClaimsSchema } from '../../core/auth/token-claims';
import { FleetError } from '../../core/errors';
import { bearerToken } from './bearer-token';
import type { KeyRing } from './key-ring';

/** Checks operator tokens, whose keys and audience are apart from the peers'. */
export class OperatorTokenVerifier {
  constructor(private readonly keys: KeyRing) {}

  /**
   * The operator's name for the audit log, from an `Authorization: Bearer …` header.
   * @throws FleetError FLEET_ERR_TOKEN_MISSING, FLEET_ERR_TOKEN_INVALID, FLEET_ERR_TOKEN_EXPIRED
   */
  async verifyOperator(authorizationHeader: string | undefined): Promise<{ subject: string }> {
    const token = bearerToken(authorizationHeader);
    if (!token) throw new FleetError('FLEET_ERR_TOKEN_MISSING');
    const parsed = operatorClaimsSchema.safeParse(await this.keys.verify(token));
    if (!parsed.success || audienceOf(parsed.data.aud) !== 'operator') {
      throw new FleetError('FLEET_ERR_TOKEN_INVALID', { message: 'the access token is not for operators' });
    }
    return { subject: parsed.data.sub ?? 'operator' };
  }
}
