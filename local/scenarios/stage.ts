import type { Clock } from '../../core/clock';
import type { Group } from '../cloud/autoscaling/group';
import type { GroupInstance } from '../cloud/autoscaling/group-instance';
import { setDesiredCapacity } from '../cloud/autoscaling/operations/set-desired-capacity';
import type { AlarmView } from '../cloud/cloudwatch/alarm-view';
import type { LocalCloud } from '../cloud/local-cloud';
import { LoadGenerator, type LoadOptions } from '../load/load-generator';
import type { LoadReport, LoadSecond } from '../load/load-report';
import { Chronicle } from './chronicle';
import { FleetWatch, type FleetSight } from './fleet-watch';
import type { ScenarioFigure } from './scenario-result';
import { StoryBroken } from './story-broken';
import type { Timeline } from './timeline';

export interface StageOptions {
  cloud: LocalCloud;
  /** The front port. */
  url: string;
  /** This machine's: how long is waited. */
  clock: Clock;
  timeline: Timeline;
  /** How many times as fast as real time the cloud runs. */
  speed: number;
  /** The deployment with other overrides, synthesized: its folder. */
  synthesize: (overrides: object) => Promise<string>;
  /** Rejects when the fleet can not go on. */
  failed: Promise<never>;
}

/** How long something may take to come, real milliseconds: a machine that does other things starts nodes slowly. */
const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 50;
const NO_CAPACITY = 'FLEET_ERR_NO_CAPACITY';
/** Enough to be seen, and little work for this machine. */
const LIGHT_LOAD = {
  size: 2,
  publishers: 2,
  bitrateBps: 100_000,
  audio: false,
  simulcast: false,
  joinsPerSecond: 10,
};

/** What a story is played on: the fleet, the people in it, and what is noted about both. */
export class Stage {
  readonly cloud: LocalCloud;
  readonly chronicle: Chronicle;
  readonly problems: string[] = [];
  /** Seconds of the load in which somebody was refused, by the cloud's clock, milliseconds since 1970. */
  readonly refusedAtMs: number[] = [];
  private readonly noted: ScenarioFigure[] = [];
  private readonly watch: FleetWatch;
  private readonly loads: LoadGenerator[] = [];
  private readonly failures: Promise<never>[];

  constructor(private readonly options: StageOptions) {
    const { cloud, url, clock, timeline, failed } = options;
    this.cloud = cloud;
    this.failures = [failed];
    this.chronicle = new Chronicle(cloud.journal, (entry) => timeline.take(entry));
    this.watch = new FleetWatch({ url, clock, say: (text) => timeline.say(text) });
  }

  get group(): Group {
    const [group] = this.cloud.autoScaling.groups();
    if (!group) throw new StoryBroken('the deployment has no Auto Scaling group');
    return group;
  }

  /** How many times as fast as real time the cloud runs. */
  get speed(): number {
    return this.options.speed;
  }

  get figures(): readonly ScenarioFigure[] {
    return this.noted;
  }

  /** In the order of their launch. */
  inService(): GroupInstance[] {
    return this.group.state.inService();
  }

  say(text: string): void {
    this.options.timeline.say(text);
  }

  figure(name: string, unit: string, value: number): void {
    this.noted.push({ name, unit, value: Number(value.toPrecision(4)) });
  }

  /** The story goes on whether it holds or not. */
  expect(holds: boolean, told: string): void {
    if (holds) return;
    this.problems.push(told);
    this.say(`NOT AS TOLD: ${told}`);
  }

  /** Waits until it gives something. @throws StoryBroken when that does not come */
  async until<Found>(
    told: string,
    look: () => Found | undefined | false | Promise<Found | undefined | false>,
    patienceMs = PATIENCE_MS,
  ): Promise<Found> {
    const { clock } = this.options;
    const untilMs = clock.monotonicMs() + patienceMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (clock.monotonicMs() >= untilMs) {
        throw new StoryBroken(`${told}: not within ${patienceMs / 1_000} s of real time`);
      }
      await this.pause(LOOK_EVERY_MS);
    }
  }

  /** Looks for so long that it stays so, seconds of the cloud. @throws StoryBroken when it does not */
  async holds(told: string, seconds: number, look: () => boolean): Promise<void> {
    const untilMs = this.cloud.clock.nowMs() + seconds * 1_000;
    while (this.cloud.clock.nowMs() < untilMs) {
      if (!look()) throw new StoryBroken(`${told}: not for ${seconds} s`);
      await this.pause(LOOK_EVERY_MS);
    }
  }

  /** People come, and stay until the end unless the story lets them go. */
  async bring(options: Partial<LoadOptions> & { rooms: number; roomPrefix: string }): Promise<LoadGenerator> {
    const load = await LoadGenerator.start({
      url: this.options.url,
      ...LIGHT_LOAD,
      ...options,
      onSecond: (second) => this.hear(second),
    });
    this.loads.push(load);
    this.failures.push(load.failed);
    return load;
  }

  /** Waits until all of its people are in. */
  async everybodyIn(load: LoadGenerator): Promise<void> {
    const { rooms, size } = load.target;
    await this.until(`${rooms * size} people are in`, () => countIn(load) === rooms * size);
  }

  /** Waits for those who came in by a gateway that has ended, and come in by another. */
  async everybodyBack(): Promise<void> {
    await this.until('nobody is on the way back', async () => {
      const now = await Promise.all(this.loads.map((load) => load.report()));
      return now.every(({ peers }) => peers.away === 0);
    });
  }

  /** Waits until all who are in receive what the others send. */
  async served(load: LoadGenerator): Promise<void> {
    await this.until('everybody receives what they should', async () => {
      const { media } = await load.report();
      return media.receivedBps > 0.8 * media.wantedBps;
    });
  }

  /** @throws StoryBroken when no node answers */
  look(): Promise<FleetSight> {
    return this.until('a node answers', () => this.watch.look().catch(() => undefined));
  }

  alarm(nameEnd: string): AlarmView {
    const { alarms } = this.cloud.cloudWatch;
    const name = alarms.all().find((alarm) => alarm.name.endsWith(nameEnd))?.name ?? '';
    const view = alarms.view(name);
    if (!view) throw new StoryBroken(`the deployment has no alarm …${nameEnd}`);
    return view;
  }

  /** For what is not about it: an idle fleet that nobody fills yet would shrink. */
  holdScaleIn(): void {
    this.say('scale-in is held: the actions of the idle alarm are off');
    this.cloud.cloudWatch.alarms.enableActions([this.alarm('-idle').name], false);
  }

  allowScaleIn(): void {
    this.say('scale-in is allowed: the actions of the idle alarm are on');
    this.cloud.cloudWatch.alarms.enableActions([this.alarm('-idle').name], true);
  }

  /** Nobody can be moved to the nodes in service, and nobody is added for that. */
  async holdMoves(): Promise<void> {
    this.say('the other nodes are cordoned, and the actions of the alarm for lack of capacity are off');
    this.cloud.cloudWatch.alarms.enableActions([this.alarm('-no-capacity').name], false);
    for (const { instanceId } of this.inService()) await this.watch.command(instanceId, 'cordon');
  }

  async allowMoves(): Promise<void> {
    this.say('the other nodes take people again');
    for (const { instanceId } of this.inService()) await this.watch.command(instanceId, 'uncordon');
    this.cloud.cloudWatch.alarms.enableActions([this.alarm('-no-capacity').name], true);
  }

  /** As an operator does. */
  async setDesired(desired: number): Promise<void> {
    this.say(`an operator sets the desired capacity to ${desired}`);
    const { handle } = setDesiredCapacity(this.cloud.autoScaling);
    await handle({ AutoScalingGroupName: this.group.state.settings.name, DesiredCapacity: desired });
  }

  /** As `cdk deploy` of the scenario's deployment with these overrides. @throws TemplateError when it fails */
  async deploy(overrides: object): Promise<void> {
    const folder = await this.options.synthesize(overrides);
    this.say(`a release is deployed: ${JSON.stringify(overrides)}`);
    await this.cloud.deploy(folder);
  }

  /** Waits for so many in service, that placement knows of and that are past their warm-up. */
  async settled(nodes: number): Promise<void> {
    await this.until(`${nodes} nodes serve`, async () => {
      const { settings, cloud } = this.group.state;
      const warm = this.inService().filter((instance) =>
        instance.isWarmedUp(settings.defaultInstanceWarmupSeconds ?? 0, cloud.clock.nowMs()),
      );
      if (warm.length !== nodes) return false;
      const { nodes: seen } = await this.look();
      return seen.filter(({ ready, alive, state }) => ready && alive && state === 'SERVING').length >= nodes;
    });
  }

  /** All people go, and what became of them is noted: nobody may have been dropped. */
  async end(): Promise<void> {
    await this.everybodyBack();
    const lost = this.loads.flatMap((load) => load.peers.filter(({ state }) => state === 'dropped'));
    for (const { peerId, roomId } of lost) this.say(`${peerId} in ${roomId} was dropped`);
    const reports = await Promise.all(this.loads.map((load) => load.stop()));
    for (const { joins } of reports) if (joins.lastFailure) this.say(`last failure: ${joins.lastFailure}`);
    const sum = (of: (report: LoadReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0);
    const dropped = sum(({ peers }) => peers.dropped);
    const failed = sum(({ peers }) => peers.failed);
    this.figure(
      'refusedJoins',
      'joins',
      sum(({ joins }) => joins.failures[NO_CAPACITY] ?? 0),
    );
    this.figure('droppedPeers', 'peers', dropped);
    this.figure('longestGapMs', 'ms', Math.max(0, ...reports.map(({ media }) => media.longestGapMs)));
    this.figure('nodeMinutes', 'min', this.chronicle.nodeMinutes(this.cloud.clock.nowMs()));
    this.expect(dropped === 0, `nobody is dropped, but ${dropped} were`);
    this.expect(failed === 0, `everybody gets in, but ${failed} gave up`);
  }

  /** At once; for a story that broke as well as for one that is over. Idempotent. */
  close(): void {
    this.watch.close();
    this.chronicle.close();
    for (const load of this.loads) load.kill();
  }

  private hear(second: LoadSecond): void {
    const refused = second.failures[NO_CAPACITY] ?? 0;
    if (refused > 0) {
      this.refusedAtMs.push(this.cloud.clock.nowMs());
      this.say(`${refused} joins refused for lack of capacity; ${second.in} people are in`);
    }
  }

  private pause(ms: number): Promise<void> {
    const pause = new Promise<void>((resolve) => this.options.clock.setTimer(ms, resolve));
    return Promise.race([pause, ...this.failures]);
  }
}

export function countIn(load: LoadGenerator): number {
  return load.peers.filter(({ state }) => state === 'in').length;
}
