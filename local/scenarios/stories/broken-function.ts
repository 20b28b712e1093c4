import type { FunctionDefinition } from '../../cloud/lambda/function-definition';
import { StoryBroken } from '../story-broken';
import type { Stage } from '../stage';

/** A function of the deployment that a story breaks and repairs. */
export class BrokenFunction {
  private constructor(
    private readonly stage: Stage,
    private readonly definition: FunctionDefinition,
  ) {}

  /** As a release does whose bundle lacks its handler: each invocation fails. @param resource the alarm's or rule's target */
  static break(stage: Stage, functionArn: string): BrokenFunction {
    const definition = stage.cloud.lambda.find(functionArn);
    if (!definition) throw new StoryBroken(`there is no function ${functionArn}`);
    stage.cloud.lambda.put({ ...definition, handler: 'index.absent' });
    stage.say(`${definition.name} is broken: its handler is not there`);
    return new BrokenFunction(stage, definition);
  }

  get name(): string {
    return this.definition.name;
  }

  repair(): void {
    this.stage.cloud.lambda.put(this.definition);
    this.stage.say(`${this.name} is repaired`);
  }

  /** Invocations that failed. */
  failures(after: number): number {
    const failed = this.stage.chronicle.all('invocation', after);
    return failed.filter(({ functionName, outcome }) => functionName === this.name && outcome !== 'ok')
      .length;
  }
}
