import type { CloudEntry, CloudJournal } from '../cloud/journal';

/** Entries of one kind. */
export type EntryOf<Kind extends CloudEntry['kind']> = Extract<CloudEntry, { kind: Kind }>;

/** All that the journal has noted since the beginning of a run, for what the story claims about it. */
export class Chronicle {
  private readonly entries: CloudEntry[] = [];
  private readonly forget: () => void;

  constructor(journal: CloudJournal, onEntry: (entry: CloudEntry) => void) {
    this.entries.push(...journal.entries());
    this.forget = journal.subscribe((entry) => {
      this.entries.push(entry);
      onEntry(entry);
    });
  }

  /** Takes no more. Idempotent. */
  close(): void {
    this.forget();
  }

  /** Stands for now: what comes after it has a higher number. */
  get mark(): number {
    return this.entries.at(-1)?.sequence ?? 0;
  }

  /** Oldest first. */
  all<Kind extends CloudEntry['kind']>(kind: Kind, after = 0): EntryOf<Kind>[] {
    return this.entries.filter(
      (entry): entry is EntryOf<Kind> => entry.kind === kind && entry.sequence > after,
    );
  }

  /** The first one, after a mark, that is as described. */
  find<Kind extends CloudEntry['kind']>(
    kind: Kind,
    isIt: (entry: EntryOf<Kind>) => boolean,
    after = 0,
  ): EntryOf<Kind> | undefined {
    return this.all(kind, after).find(isIt);
  }

  /** An alarm's change to ALARM; by the end of its name. */
  alarm(nameEnd: string, after = 0): EntryOf<'alarm'> | undefined {
    return this.find('alarm', ({ alarmName, to }) => alarmName.endsWith(nameEnd) && to === 'ALARM', after);
  }

  /** When an instance came into a state. */
  reached(instanceId: string, state: string, after = 0): EntryOf<'instance-state'> | undefined {
    return this.find(
      'instance-state',
      (entry) => entry.instanceId === instanceId && entry.to === state,
      after,
    );
  }

  /** What all instances together have cost, minutes from their launch to their end. @param untilMs of those that live */
  nodeMinutes(untilMs: number): number {
    const since = new Map<string, number>();
    let totalMs = 0;
    for (const { instanceId, to, atMs } of this.all('instance-state')) {
      if (!since.has(instanceId)) since.set(instanceId, atMs);
      if (to !== 'Terminated') continue;
      totalMs += atMs - (since.get(instanceId) ?? atMs);
      since.delete(instanceId);
    }
    for (const sinceMs of since.values()) totalMs += untilMs - sinceMs;
    return totalMs / 60_000;
  }
}
