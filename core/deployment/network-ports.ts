/** The ports of a deployed node. The template opens exactly these, and the node's environment names them. */
export const NETWORK_PORTS = {
  /** The load balancer's TLS listener. */
  public: 443,
  /** Signalling, operator API, health and metrics of a node; plain HTTP behind the load balancer. */
  http: 8080,
  /** Links between nodes (TLS-PSK). */
  link: 4443,
  /** First media port, UDP and TCP; one per worker. */
  mediaBase: 10_000,
  /** Pipes between nodes, UDP. */
  pipeMin: 20_000,
  pipeMax: 29_999,
  /** The placement store. Not Redis' own port, so that a scan for open stores finds nothing. */
  store: 6_380,
} as const;
