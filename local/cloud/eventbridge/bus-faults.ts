/** Faults for scenarios: what EventBridge, which delivers at least once, nearly never does. */
export class BusFaults {
  private readonly dropped = new Map<string, number>();
  private readonly duplicated = new Map<string, number>();

  /** The next event of this detail type reaches nobody. Counts up. */
  dropNext(detailType: string): void {
    this.dropped.set(detailType, (this.dropped.get(detailType) ?? 0) + 1);
  }

  /** The next event of this detail type is delivered twice. Counts up. */
  duplicateNext(detailType: string): void {
    this.duplicated.set(detailType, (this.duplicated.get(detailType) ?? 0) + 1);
  }

  /** How often this event is to be delivered; uses the fault up. */
  deliveriesOf(detailType: string): 0 | 1 | 2 {
    if (take(this.dropped, detailType)) return 0;
    return take(this.duplicated, detailType) ? 2 : 1;
  }
}

function take(counts: Map<string, number>, detailType: string): boolean {
  const count = counts.get(detailType) ?? 0;
  if (count === 0) return false;
  counts.set(detailType, count - 1);
  return true;
}
