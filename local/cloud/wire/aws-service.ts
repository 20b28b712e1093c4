import type { Operation } from './operation';

/** How a service is spoken to. One service may understand several: the SDK and an older AWS CLI differ. */
export type ServiceProtocol =
  /** Form in, XML out. */
  | { kind: 'query'; version: string; xmlNamespace: string }
  /** `x-amz-target: <target>.<Operation>`. `queryErrors`: also gives errors as the query protocol names them. */
  | { kind: 'json'; version: '1.0' | '1.1'; target: string; queryErrors?: boolean };

export interface AwsService {
  /** What requests are signed for: `autoscaling`, `monitoring`, `events`, `secretsmanager`, `ssm`. */
  readonly signingName: string;
  readonly protocols: readonly ServiceProtocol[];
  readonly operations: readonly Operation[];
}
