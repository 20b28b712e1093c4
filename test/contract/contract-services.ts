import type { AwsService } from '../../local/cloud/wire/aws-service';
import { AwsEndpoint } from '../../local/cloud/wire/aws-endpoint';
import { EventBridge } from '../../local/cloud/eventbridge/eventbridge';
import { eventBridgeService } from '../../local/cloud/eventbridge/eventbridge-service';
import { SecretsManager } from '../../local/cloud/secrets-manager/secrets-manager';
import { secretsManagerService } from '../../local/cloud/secrets-manager/secrets-manager-service';
import { Ssm } from '../../local/cloud/ssm/ssm';
import { ssmService } from '../../local/cloud/ssm/ssm-service';
import { systemClock } from '../../local/fleet-runner/system-clock';

interface ClientSettings {
  region?: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

/** What the contract is checked against: the local cloud, or with FLEET_CONTRACT_TARGET=aws a real account. */
export interface ContractServices {
  /** For every SDK client. */
  settings: ClientSettings;
  /** Differs from run to run, so that runs on one account don't meet. */
  prefix: string;
  close(): Promise<void>;
}

export async function startContractServices(): Promise<ContractServices> {
  const prefix = `fleet-contract-${Date.now().toString(36)}-${process.pid}`;
  if (process.env['FLEET_CONTRACT_TARGET'] === 'aws') {
    return { settings: {}, prefix, close: () => Promise.resolve() };
  }
  const identity = { region: 'eu-central-1', account: '123456789012', partition: 'aws' };
  const eventBridge = new EventBridge({
    identity,
    clock: systemClock,
    latencies: { eventDelayMs: 0 },
    functions: { invokeLater: () => false },
    deadLetters: { send: () => false },
    journal: { add: () => undefined },
  });
  const services: AwsService[] = [
    eventBridgeService(eventBridge),
    secretsManagerService(new SecretsManager({ identity, clock: systemClock })),
    ssmService(new Ssm({ identity, clock: systemClock })),
  ];
  const unexpected: unknown[] = [];
  const endpoint = await AwsEndpoint.start({ services, onUnexpected: ({ error }) => unexpected.push(error) });
  return {
    settings: {
      region: identity.region,
      endpoint: endpoint.url,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    },
    prefix,
    close: async () => {
      eventBridge.close();
      await endpoint.close();
      expect(unexpected).toEqual([]);
    },
  };
}
