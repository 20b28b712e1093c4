import type { RunnerEvent, RunnerOutput } from './runner-events';

/** One JSON object per line, for programs. */
export class JsonOutput implements RunnerOutput {
  constructor(private readonly write: (text: string) => void) {}

  emit(event: RunnerEvent): void {
    this.write(`${JSON.stringify(event)}\n`);
  }
}
