export interface SecretVersion {
  id: string;
  text: string | undefined;
  binary: Uint8Array | undefined;
  /** Staging labels. */
  stages: Set<string>;
  createdAtMs: number;
}

/** A secret. A version without a staging label is deprecated, and kept here. */
export interface Secret {
  name: string;
  arn: string;
  description: string | undefined;
  createdAtMs: number;
  changedAtMs: number;
  accessedAtMs: number | undefined;
  /** By id. */
  versions: Map<string, SecretVersion>;
}

/** Its staging labels by version, as Describe and List give them. */
export function stagesByVersion({ versions }: Secret): Record<string, string[]> {
  const labelled = [...versions.values()].filter(({ stages }) => stages.size > 0);
  return Object.fromEntries(labelled.map(({ id, stages }) => [id, [...stages]]));
}
