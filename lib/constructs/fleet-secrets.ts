import { RemovalPolicy } from 'aws-cdk-lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge';

/** What each secret of a fleet is for; the key is also the end of its name. */
const PURPOSES = {
  link: 'what the links between nodes, and between regions, prove themselves with',
  token: "what signs peers' access tokens",
  'admin-token': "what signs operators' tokens",
} as const;

type Purpose = keyof typeof PURPOSES;

/** Letters and digits only: ElastiCache refuses most punctuation, and 64 of them are 380 bits. */
const SECRET_LENGTH = 64;

/** A secret as `{"current": …}`; `previous` is added beside it by an operator during a rotation. */
function generatedSecret(
  scope: Construct,
  id: string,
  props: { name?: string; description: string; replicaRegions?: string[] },
): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(scope, id, {
    secretName: props.name,
    description: props.description,
    generateSecretString: {
      secretStringTemplate: '{}',
      generateStringKey: 'current',
      excludePunctuation: true,
      passwordLength: SECRET_LENGTH,
    },
    replicaRegions: props.replicaRegions?.map((region) => ({ region })),
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(
    secret,
    'AwsSolutions-SMG4',
    'Rotation is an operator step with two values valid at a time (docs/operations.md, "Changing secrets on AWS"): an unattended one would cut links.',
  );
  return secret;
}

/** The placement store's AUTH token. Each region has its own. */
export class StoreSecret extends Construct {
  readonly secret: secretsmanager.Secret;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.secret = generatedSecret(this, 'Secret', { description: 'AUTH token of the placement store' });
  }
}

export interface SharedSecretsProps {
  /** The fleet's name: the secrets are `<name>/link`, `<name>/token` and `<name>/admin-token`. */
  readonly fleetName: string;
  /** Other regions of the fleet. @default none: no replica is made */
  readonly replicaRegions?: string[];
}

/** What all regions of a fleet share. */
export interface SharedSecretSet {
  readonly link: secretsmanager.ISecret;
  readonly token: secretsmanager.ISecret;
  readonly adminToken: secretsmanager.ISecret;
}

/** The shared secrets, in the primary region. Their names are fixed, so that the other regions can name the replicas. */
export class SharedSecrets extends Construct implements SharedSecretSet {
  readonly link: secretsmanager.ISecret;
  readonly token: secretsmanager.ISecret;
  readonly adminToken: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: SharedSecretsProps) {
    super(scope, id);
    const create = (resourceId: string, purpose: Purpose) =>
      generatedSecret(this, resourceId, {
        name: secretName(props.fleetName, purpose),
        description: `mediasoup-fleet ${props.fleetName}: ${PURPOSES[purpose]}`,
        replicaRegions: props.replicaRegions?.length ? props.replicaRegions : undefined,
      });
    this.link = create('Link', 'link');
    this.token = create('Token', 'token');
    this.adminToken = create('AdminToken', 'admin-token');
  }

  /** The replicas in a region that is not the primary. */
  static named(scope: Construct, id: string, fleetName: string): SharedSecretSet {
    const parent = new Construct(scope, id);
    const find = (resourceId: string, purpose: Purpose) =>
      secretsmanager.Secret.fromSecretNameV2(parent, resourceId, secretName(fleetName, purpose));
    return {
      link: find('Link', 'link'),
      token: find('Token', 'token'),
      adminToken: find('AdminToken', 'admin-token'),
    };
  }
}

function secretName(fleetName: string, purpose: Purpose): string {
  return `${fleetName}/${purpose}`;
}
