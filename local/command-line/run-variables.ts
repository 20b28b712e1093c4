/** Variables of a node that have an option of `fleet up`, and the option's name in commander: they are its default. */
export const OPTION_VARIABLES = {
  FLEET_AUTH: 'auth',
  FLEET_WORKERS: 'workers',
  FLEET_CAPACITY_EGRESS_BPS: 'capacityMbps',
  FLEET_WEB_ROOT: 'webRoot',
} as const;

/** Variables that every run sets for its nodes itself, and what to do instead. Set by a person they stop the start. */
export const RUN_VARIABLES: Readonly<Record<string, string>> = {
  FLEET_NODE_ID: 'nodes are named after their instances: unset it; --nodes says how many',
  FLEET_REDIS_URL: 'the run has a Redis of its own: unset it; there is no option for another',
  FLEET_REDIS_PREFIX: 'the run has a Redis of its own: unset it; there is no option for it',
  FLEET_LISTEN_HOST: 'everything listens on loopback: unset it; there is no option for it',
  FLEET_HTTP_PORT: 'nodes get free ports behind the front port: unset it and give --port',
  FLEET_LINK_HOST: 'everything listens on loopback: unset it; there is no option for it',
  FLEET_LINK_PORT: 'nodes get free ports: unset it; there is no option for it',
  FLEET_LINK_ADDRESS: 'each node has its own: unset it; there is no option for it',
  FLEET_LINK_SECRETS: 'the run makes one: unset it; there is no option for it',
  FLEET_MEDIA_LISTEN_IP: 'everything listens on loopback: unset it; there is no option for it',
  FLEET_MEDIA_PORT_BASE: 'nodes get free ports: unset it; there is no option for it',
  FLEET_WORKER_BIN: 'the run takes the worker of the set-up: unset it and set MEDIASOUP_WORKER_BIN',
  FLEET_TOKEN_KEYS: 'the run makes its keys: unset it and give --auth token',
  FLEET_ADMIN_TOKEN_KEYS: 'the run makes its keys: unset it and give --auth token',
  FLEET_REGION: "it is the config's: unset it and give --config",
  FLEET_PIPE_PORT_MIN: 'each instance has the ports of the template: unset it; there is no option for it',
  FLEET_PIPE_PORT_MAX: 'each instance has the ports of the template: unset it; there is no option for it',
  FLEET_EGRESS_INTERFACES:
    'all nodes share the interfaces of this machine: unset it; there is no option for it',
  FLEET_AWS: 'every node runs on an instance of the local cloud: unset it',
  FLEET_AWS_ASG_NAME: "it is the template's: unset it and give --config",
  FLEET_CLOCK: 'unset it and give --speed',
  FLEET_CONSOLE_URL: 'the run has a console of its own: unset it and give --console-port',
  FLEET_STOP_TIMEOUT_MS: 'the run ends within 5 s: unset it; there is no option for it',
  FLEET_EXIT_WITH_PARENT: 'nodes end with their run: unset it; there is no option for it',
};

/** One line about a variable that the run sets itself, or undefined when none is set. Empty counts as not set. */
export function refusedVariable(env: NodeJS.ProcessEnv): string | undefined {
  const name = Object.keys(RUN_VARIABLES).find((candidate) => env[candidate]);
  return name && `${name} is not for npm start: ${RUN_VARIABLES[name]}`;
}
