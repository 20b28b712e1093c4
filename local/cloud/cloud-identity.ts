/** Whose cloud it is, for ARNs. */
export interface CloudIdentity {
  /** E.g. `eu-central-1`: the region of the deployment config that is played. */
  region: string;
  /** Twelve digits; AWS' documentation uses this one, and no real account has it. @default 123456789012 */
  account: string;
  /** @default aws */
  partition: string;
}
