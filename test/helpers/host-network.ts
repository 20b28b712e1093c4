/** A machine of its own on a test's network, as far as this one can give it. */
export interface HostPlace {
  /** IPv4 address; nobody else on the network has it. */
  address: string;
  /** The command that a program is started with to run there; empty: it is started as it is. */
  launcher: string[];
}

/** Hosts joined by a network that a test can cut. */
export interface HostNetwork {
  /** What the hosts are made of, for a test's name or its log. */
  readonly kind: 'network namespaces' | 'loopback addresses';
  /** This process's own address on the network: what runs here is reached under it, and is never cut off. */
  readonly address: string;
  addHost(): Promise<HostPlace>;
  /** One more address of this process. */
  addAddress(): Promise<string>;
  /**
   * Nothing passes to or from the host any more, and nobody is told.
   * @param pid of the process that runs there
   */
  cut(host: HostPlace, pid: number): Promise<void>;
  heal(host: HostPlace, pid: number): Promise<void>;
  /** Removes all of it; what runs there must have ended. Idempotent. */
  close(): Promise<void>;
}
