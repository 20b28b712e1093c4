import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../../core/clock';
import type { CloudIdentity } from '../cloud-identity';
import type { CloudLatencies } from '../cloud-latencies';
import type { CloudJournal } from '../journal';
import type { DeadLetters } from '../ports/dead-letters';
import type { BusEvent, EventBus } from '../ports/event-bus';
import type { FunctionRuntime } from '../ports/function-runtime';
import { ServiceError } from '../wire/service-error';
import { BusFaults } from './bus-faults';
import { parseEventPattern } from './event-pattern';
import type { Rule, RuleSettings, RuleTarget } from './rule';
import { parseSchedule } from './schedule';

export interface EventBridgeOptions {
  identity: CloudIdentity;
  clock: Clock;
  latencies: Pick<CloudLatencies, 'eventDelayMs'>;
  functions: Pick<FunctionRuntime, 'invokeLater'>;
  deadLetters: DeadLetters;
  journal: Pick<CloudJournal, 'add'>;
}

/** An event as targets get it. */
export interface DeliveredEvent extends Record<string, unknown> {
  id: string;
  'detail-type': string;
}

/** Quotas of EventBridge: rules of a bus, targets of a rule. */
const MAX_RULES = 300;
const MAX_TARGETS = 5;

/**
 * The default bus, its rules and its schedules. Targets are functions, which EventBridge invokes asynchronously: once
 * Lambda has taken an event, the function's own settings say how often it is tried (EventBridge guide, "How EventBridge
 * retries delivering events"). A target's retry policy is for deliveries that Lambda does not take, which here are only
 * those to a function that does not exist; that is no reason to try again, and the event goes to the target's dead-letter
 * queue at once.
 */
export class EventBridge implements EventBus {
  readonly faults = new BusFaults();
  private readonly rules = new Map<string, Rule>();
  private readonly schedules = new Map<string, Timer>();
  private readonly deliveries = new Set<Timer>();

  constructor(private readonly options: EventBridgeOptions) {}

  publish(event: BusEvent): void {
    this.take(event);
  }

  /** As {@link publish}; gives the event's id. */
  take({ source, detailType, detail, resources = [] }: BusEvent): string {
    const event = this.compose({ source, detailType, detail, resources });
    const times = this.faults.deliveriesOf(detailType);
    const matching = [...this.rules.values()].filter(
      (rule) => rule.state === 'ENABLED' && rule.matches?.(event) === true,
    );
    this.note(source, detailType, times === 0 ? [] : matching);
    for (let time = 0; time < times; time += 1) for (const rule of matching) this.deliver(rule, event);
    return event.id;
  }

  /** Creates or changes it; its targets stay. @returns its ARN @throws ServiceError */
  putRule(settings: RuleSettings): string {
    const { name, eventPattern, scheduleExpression } = settings;
    if (eventPattern === undefined && scheduleExpression === undefined) {
      throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    }
    const old = this.rules.get(name);
    if (!old && this.rules.size >= MAX_RULES) {
      throw new ServiceError(
        'LimitExceededException',
        'The requested resource exceeds the maximum number allowed.',
      );
    }
    const rule: Rule = {
      ...settings,
      arn: this.arnOf(name),
      matches: eventPattern === undefined ? undefined : readPattern(eventPattern),
      schedule: scheduleExpression === undefined ? undefined : readSchedule(scheduleExpression),
      targets: old?.targets ?? new Map<string, RuleTarget>(),
    };
    this.rules.set(name, rule);
    this.startSchedule(rule);
    return rule.arn;
  }

  /** @throws ServiceError when there is none */
  rule(name: string): Rule {
    const rule = this.rules.get(name);
    if (!rule) {
      throw new ServiceError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    }
    return rule;
  }

  /** By name. */
  listRules(): Rule[] {
    return [...this.rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  setState(name: string, state: Rule['state']): void {
    const rule = this.rule(name);
    rule.state = state;
    this.startSchedule(rule);
  }

  /** "If you call delete rule multiple times for the same rule, all calls will succeed" (API reference). */
  deleteRule(name: string): void {
    if ((this.rules.get(name)?.targets.size ?? 0) > 0) {
      throw validation("Rule can't be deleted since it has targets.");
    }
    this.rules.delete(name);
    this.schedules.get(name)?.cancel();
    this.schedules.delete(name);
  }

  /** Adds them, or replaces those of the same id. @throws ServiceError */
  putTargets(name: string, targets: readonly RuleTarget[]): void {
    const rule = this.rule(name);
    targets.forEach(checkInput);
    const ids = new Set([...rule.targets.keys(), ...targets.map(({ id }) => id)]);
    if (ids.size > MAX_TARGETS) {
      throw new ServiceError(
        'LimitExceededException',
        'The requested resource exceeds the maximum number allowed.',
      );
    }
    for (const target of targets) rule.targets.set(target.id, target);
  }

  /** @returns the ids that were not there */
  removeTargets(name: string, ids: readonly string[]): string[] {
    const rule = this.rule(name);
    return ids.filter((id) => !rule.targets.delete(id));
  }

  arnOf(name: string): string {
    const { partition, region, account } = this.options.identity;
    return `arn:${partition}:events:${region}:${account}:rule/${name}`;
  }

  /** Nothing is delivered any more. Idempotent. */
  close(): void {
    for (const timer of [...this.schedules.values(), ...this.deliveries]) timer.cancel();
    this.schedules.clear();
    this.deliveries.clear();
  }

  private compose({ source, detailType, detail, resources = [] }: BusEvent): DeliveredEvent {
    const { account, region } = this.options.identity;
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source,
      account,
      time: new Date(this.options.clock.nowMs()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region,
      resources,
      detail,
    };
  }

  /** A rule that was changed counts its rate anew. */
  private startSchedule(rule: Rule): void {
    this.schedules.get(rule.name)?.cancel();
    this.schedules.delete(rule.name);
    if (rule.state === 'ENABLED' && rule.schedule) this.waitForNext(rule, rule.schedule);
  }

  private waitForNext(rule: Rule, schedule: NonNullable<Rule['schedule']>): void {
    const { clock } = this.options;
    const nowMs = clock.nowMs();
    const atMs = schedule.next(nowMs);
    if (atMs === undefined) return;
    const timer = clock.setTimer(atMs - nowMs, () => {
      this.waitForNext(rule, schedule);
      const source = 'aws.events';
      const detailType = 'Scheduled Event';
      this.note(source, detailType, [rule]);
      this.deliver(rule, this.compose({ source, detailType, detail: {}, resources: [rule.arn] }));
    });
    this.schedules.set(rule.name, timer);
  }

  private deliver(rule: Rule, event: DeliveredEvent): void {
    const { clock, latencies } = this.options;
    for (const target of rule.targets.values()) {
      const timer = clock.setTimer(latencies.eventDelayMs, () => {
        this.deliveries.delete(timer);
        this.call(rule, target, event);
      });
      this.deliveries.add(timer);
    }
  }

  private call(rule: Rule, target: RuleTarget, event: DeliveredEvent): void {
    if (this.options.functions.invokeLater(target.arn, payloadOf(target, event))) return;
    if (target.deadLetterArn === undefined) return;
    // EventBridge guide, "Using dead-letter queues": the event, with these attributes.
    this.options.deadLetters.send(target.deadLetterArn, {
      source: rule.name,
      body: JSON.stringify(event),
      attributes: {
        RULE_ARN: rule.arn,
        TARGET_ARN: target.arn,
        ERROR_CODE: 'RESOURCE_NOT_FOUND',
        ERROR_MESSAGE: `Function not found: ${target.arn}`,
        RETRY_ATTEMPTS: '0',
      },
    });
  }

  private note(source: string, detailType: string, rules: readonly Rule[]): void {
    this.options.journal.add({ kind: 'event', source, detailType, rules: rules.map(({ name }) => name) });
  }
}

/** @throws ServiceError when it could not be made for an event */
function checkInput({ id, input, inputPath }: RuleTarget): void {
  if (inputPath !== undefined && !/^\$(\.[\w-]+|\[\d+\])*$/.test(inputPath)) {
    throw validation(`Invalid InputPath for target ${id}.`);
  }
  if (input === undefined) return;
  try {
    JSON.parse(input);
  } catch {
    throw validation(`JSON syntax error in input for target ${id}.`);
  }
}

/** `Input`, `InputPath`, or the whole event. */
function payloadOf({ input, inputPath }: RuleTarget, event: DeliveredEvent): unknown {
  if (input !== undefined) return JSON.parse(input) as unknown;
  if (inputPath === undefined) return event;
  let value: unknown = event;
  for (const [, name, index] of inputPath.matchAll(/\.([\w-]+)|\[(\d+)\]/g)) {
    value = (value as Record<string, unknown> | null | undefined)?.[name ?? index ?? ''];
  }
  return value ?? null;
}

function readPattern(text: string): Rule['matches'] {
  try {
    return parseEventPattern(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
  }
}

function readSchedule(expression: string): Rule['schedule'] {
  try {
    return parseSchedule(expression);
  } catch {
    throw validation('Parameter ScheduleExpression is not valid.');
  }
}

function validation(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
