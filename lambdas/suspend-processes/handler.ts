import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { boundedRequests } from '../common/sdk-options';
import { createHandler } from './create-handler';
import { putResponse } from './put-response';

/** Called by CloudFormation: see lambdas/README.md. */
export const handler = createHandler({
  autoScaling: new AutoScalingClient(boundedRequests()),
  respond: putResponse,
  log: (line) => void process.stdout.write(`${line}\n`),
});
