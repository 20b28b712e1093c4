import { z } from 'zod';

/**
 * The deployment config: everything that `cdk deploy` needs to know, validated once. Durations and sizes carry their
 * unit in the name. Each field's description is printed in docs/configuration.md, which is generated from this schema.
 */

/** Says the whole of what is allowed, whichever side is missed. */
function whole(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z.number(rule).int(rule).min(min, rule).max(max, rule);
}

function between(min: number, max: number) {
  const rule = `must be a number from ${min} to ${max}`;
  return z.number(rule).min(min, rule).max(max, rule);
}

/** Of those that CloudWatch Logs offers. */
const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 180, 365] as const;

function baseImage() {
  return z
    .string()
    .regex(
      /^(ami-[0-9a-f]{8,17}|ssm:\/[A-Za-z0-9_.\/-]{1,1000})$/,
      'an AMI id, or ssm: and the name of a parameter that holds one',
    );
}

const instanceLimits = z
  .strictObject({
    vcpus: whole(1, 512).describe('Processors; decides how many media workers run.'),
    baselineGbps: z
      .number()
      .positive()
      .max(1_000)
      .describe('Sustained network bandwidth in Gbit/s, not the "up to" figure.'),
    architecture: z.enum(['arm64', 'x86_64']).describe('Processor architecture.'),
  })
  .describe('Limits of an instance type that the built-in table does not list.');

export const DEFAULT_INSTANCE_TYPES = ['c7gn.large'];
export const DEFAULT_EGRESS_FRACTION = 0.75;

const nodesSchema = z
  .strictObject({
    instanceTypes: z
      .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'an EC2 instance type such as c7gn.large'))
      .min(1)
      .max(20)
      .default(DEFAULT_INSTANCE_TYPES)
      .describe('Instance types, the preferred one first. All of one architecture.'),
    instanceLimits: z
      .record(z.string(), instanceLimits)
      .default({})
      .describe('Limits by instance type, for types that the built-in table does not list.'),
    min: whole(2, 1_000)
      .default(2)
      .describe('Fewest nodes. At least 2: with none, nobody could report that there is no capacity.'),
    max: whole(2, 5_000).default(20).describe('Most nodes.'),
    egressFraction: between(0.1, 0.95)
      .default(DEFAULT_EGRESS_FRACTION)
      .describe('Share of the sustained internet egress that placement may commit.'),
    spot: z
      .strictObject({
        onDemandBase: whole(0, 1_000).default(2).describe('Nodes that are always on demand.'),
        onDemandPercentAboveBase: between(0, 100)
          .default(50)
          .describe('Share of the nodes above the base that are on demand, percent.'),
      })
      .optional()
      .describe('Mixes in spot instances. @default on demand only'),
    warmPool: z
      .strictObject({
        minSize: whole(1, 1_000).default(1).describe('Stopped instances kept ready.'),
      })
      .optional()
      .describe(
        'Keeps booted, stopped instances, which serve after about 5 s instead of 26 s. @default none',
      ),
  })
  .prefault({})
  .describe('The media nodes.');

const scalingSchema = z
  .strictObject({
    scaleOutUtilization: between(0.2, 0.9)
      .default(0.65)
      .describe('Σ load ÷ Σ safe capacity at which nodes are added.'),
    scaleOutAfterSeconds: whole(20, 600)
      .multipleOf(10, 'must be a multiple of 10')
      .default(60)
      .describe('How long it must hold; periods of 10 s.'),
    scaleOutStep: whole(1, 100).default(1).describe('Nodes added at a time.'),
    noCapacityStep: whole(1, 100).default(2).describe('Nodes added at once when a join found no capacity.'),
    scaleInUtilization: between(0.05, 0.8)
      .default(0.4)
      .describe('Utilization, as it would be with one node fewer, below which a node is removed.'),
    scaleInAfterMinutes: whole(5, 180).default(15).describe('How long it must hold.'),
    warmupSeconds: whole(10, 900).default(60).describe('How long a new node is not expected to serve yet.'),
    scheduledFloors: z
      .array(
        z.strictObject({
          name: z
            .string()
            .regex(/^[A-Za-z0-9-]{1,60}$/, 'letters, digits and dashes')
            .describe('Names the scheduled action.'),
          cron: z.string().min(9).max(100).describe('Five fields, in `timeZone`.'),
          timeZone: z.string().min(1).max(60).default('Etc/UTC').describe('IANA name, e.g. Europe/Berlin.'),
          min: whole(2, 5_000).describe('The floor from then on.'),
        }),
      )
      .max(50)
      .default([])
      .describe('Raises or lowers the floor ahead of time, e.g. before the working day.'),
  })
  .prefault({})
  .describe('When the fleet grows and shrinks.');

const drainSchema = z
  .strictObject({
    scaleInMinutes: whole(2, 2_880).default(30).describe('Drain window when the fleet shrinks.'),
    imageRollMinutes: whole(2, 2_880).default(240).describe('Drain window in a release.'),
    heartbeatTimeoutSeconds: whole(30, 7_200)
      .default(1_800)
      .describe('Lifecycle hook heartbeat; the hook ends for good after 100 of them or 48 h.'),
  })
  .prefault({})
  .describe('How long a leaving node may take. Nobody is cut off within it.');

const imageSchema = z
  .strictObject({
    baseImage: baseImage()
      .optional()
      .describe(
        'Debian image to bake on: an AMI id, or `ssm:` and a parameter. @default the newest Debian 12 at the time of baking',
      ),
    revision: whole(1, 1_000_000)
      .default(1)
      .describe('Raise it to bake anew without a change of the app: for security updates of Debian.'),
  })
  .prefault({})
  .describe('The image of the media nodes.');

const releaseSchema = z
  .strictObject({
    maxHealthyPercent: whole(110, 200)
      .default(200)
      .describe(
        'How many nodes there may be while a release rolls, percent of the desired ones. 200 starts all new nodes at ' +
          'once, so that the roll takes one drain window; less takes several.',
      ),
    bakeMinutes: whole(0, 2_880)
      .default(10)
      .describe('How long the alarms are watched after the last node was replaced.'),
  })
  .prefault({})
  .describe('How a new release reaches the nodes.');

const domainSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^(?!-)[a-z0-9.-]+\.[a-z]{2,}$/, 'a domain name such as calls.example.com')
      .describe('The name, e.g. calls.example.com.'),
    hostedZoneId: z
      .string()
      .regex(/^Z[A-Z0-9]{5,40}$/, 'a Route 53 zone id such as Z0123456789ABC')
      .optional()
      .describe(
        'Route 53 zone in which the name and the certificate validation are written. @default none: give `certificateArn`',
      ),
    certificateArn: z
      .string()
      .regex(
        /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[a-f0-9-]+$/,
        'the ARN of a certificate in ACM',
      )
      .optional()
      .describe('An existing certificate instead, with one region only; you then point the name yourself.'),
  })
  .describe('The name that browsers connect to.');

const regionSchema = z.strictObject({
  name: z.string().describe('AWS region, e.g. eu-central-1.'),
  availabilityZones: z
    .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'a zone such as eu-central-1a'))
    .min(2)
    .max(6)
    .describe('Zones to use; listed, since synthesis looks nothing up.'),
  baseImage: baseImage().optional().describe('AMI ids are per region. @default `image.baseImage`'),
  nodes: z
    .strictObject({
      min: whole(2, 1_000).describe('Fewest nodes here. @default `nodes.min`'),
      max: whole(2, 5_000).describe('Most nodes here. @default `nodes.max`'),
    })
    .partial()
    .default({})
    .describe('What differs here from the `nodes` of all regions.'),
});

export const fleetConfigSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,30}$/, 'lower-case letters, digits and dashes')
    .default('fleet')
    .describe('Names stacks and resources.'),
  account: z
    .string()
    .regex(/^\d{12}$/, '12 digits')
    .optional()
    .describe('AWS account. @default that of the credentials at deployment'),
  regions: z
    .array(regionSchema)
    .min(1)
    .max(20)
    .describe('Each gets a full fleet; the first one is the primary.'),
  domain: domainSchema,
  nodes: nodesSchema,
  scaling: scalingSchema,
  drain: drainSchema,
  release: releaseSchema,
  image: imageSchema,
  store: z
    .strictObject({
      nodeType: z
        .string()
        .regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, 'an ElastiCache node type such as cache.t4g.small')
        .default('cache.t4g.small')
        .describe('ElastiCache node type.'),
      replicas: whole(1, 5).default(1).describe('Replicas beside the primary, over zones.'),
    })
    .prefault({})
    .describe('The placement store (Valkey).'),
  alarms: z
    .strictObject({
      email: z
        .email()
        .optional()
        .describe('Gets every alarm. @default nobody: subscribe to the topic yourself'),
    })
    .prefault({})
    .describe('Where alarms go.'),
  logRetentionDays: z
    .literal(LOG_RETENTION_DAYS, `must be one of ${LOG_RETENTION_DAYS.join(', ')}`)
    .default(30)
    .describe('How long logs are kept, days.'),
});

export type FleetConfigInput = z.input<typeof fleetConfigSchema>;
export type ParsedFleetConfig = z.output<typeof fleetConfigSchema>;
