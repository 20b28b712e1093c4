import type { ConsoleNode } from '../../core/protocol/console';
import { element } from '../shared/element';
import type { Act } from './act';
import type { ConsoleAdapter, Feed } from './adapters/adapter';
import { ask } from './ask';
import { countText } from './format';
import { Notices } from './notices';
import { EMPTY_MODEL, reduce, type PageModel } from './page-model';
import { ActivitiesPanel } from './panels/activities-panel';
import { AlarmsPanel } from './panels/alarms-panel';
import { Banner } from './panels/banner';
import { EventsPanel } from './panels/events-panel';
import { Figures } from './panels/figures';
import type { NodeAction } from './panels/node-row';
import { NodesPanel } from './panels/nodes-panel';
import { PlayBar } from './panels/play-bar';
import { PoolPanel } from './panels/pool-panel';
import { RoomsPanel } from './panels/rooms-panel';
import { TopBar } from './panels/top-bar';
import { recallPreferences, rememberPreferences, type Preferences } from './preferences';
import { TokenView } from './token-view';

const DRAIN_MINUTES = { min: 1, max: 2_880, value: 30 };

/** The page: what the adapter feeds becomes a model, and the model becomes what is seen, once per frame. */
export class App {
  readonly #adapter: ConsoleAdapter;
  readonly #banner = new Banner();
  readonly #notices = new Notices();
  readonly #token: TokenView;
  readonly #pool = new PoolPanel();
  readonly #alarms = new AlarmsPanel();
  readonly #parts: readonly { root: HTMLElement; update(model: PageModel): void }[];
  readonly #elsewhere = element(
    'p',
    { class: 'elsewhere', hidden: true },
    'Alarms with their history, and what Auto Scaling did and why: in CloudWatch, on the dashboard with the fleet’s name.',
  );
  readonly #systemDark = matchMedia('(prefers-color-scheme: dark)');
  #preferences: Preferences;
  #model = EMPTY_MODEL;
  #drawing = false;

  constructor(options: {
    holder: HTMLElement;
    createAdapter: (feed: (feed: Feed) => void) => ConsoleAdapter;
  }) {
    this.#adapter = options.createAdapter((feed) => this.#take(feed));
    this.#token = new TokenView((token) => this.#adapter.useToken(token));
    const preferences = recallPreferences();
    const topBar = new TopBar({ preferences, onPreferences: (changed) => this.#prefer(changed) });
    const figures = new Figures();
    const play = new PlayBar(this.#act);
    const nodes = new NodesPanel((action, node) => this.#actOnNode(action, node));
    const activities = new ActivitiesPanel();
    const rooms = new RoomsPanel((roomId) => this.#adapter.pipes(roomId));
    const events = new EventsPanel();
    this.#parts = [topBar, figures, play, this.#pool, nodes, this.#alarms, activities, rooms, events];
    const board = element(
      'main',
      { class: 'board' },
      ...[this.#pool, nodes, this.#alarms, activities, rooms, events].map(({ root }) => root),
    );
    options.holder.replaceChildren(
      topBar.root,
      this.#banner.root,
      this.#token.root,
      figures.root,
      play.root,
      board,
      this.#elsewhere,
      this.#notices.root,
    );
    this.#preferences = preferences;
    this.#apply();
    this.#systemDark.addEventListener('change', () => this.#apply());
  }

  start(): void {
    this.#adapter.start();
  }

  #take(feed: Feed): void {
    this.#model = reduce(this.#model, feed);
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { connection, state } = this.#model;
    const { dataset } = document.documentElement;
    dataset.phase = connection.phase;
    dataset.mode = state?.mode ?? 'unknown';
    if (connection.phase === 'token') this.#token.show(connection.problem);
    else if (connection.phase === 'live') this.#token.hide();
    this.#elsewhere.hidden = state === undefined || state.alarms !== undefined;
    this.#banner.update(this.#model, Date.now());
    for (const part of this.#parts) part.update(this.#model);
  }

  readonly #act: Act = (name, payload, done, question) => {
    void this.#ask(question && (() => ask(question)), async () => this.#adapter.control(name, payload), done);
  };

  /** Never rejects. */
  async #ask(
    question: (() => Promise<number | undefined>) | undefined,
    go: (answer: number) => Promise<void>,
    done: string,
  ): Promise<void> {
    const answer = question ? await question() : 0;
    if (answer === undefined) return;
    try {
      await go(answer);
      this.#notices.show(done, 'good');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#notices.show(`That didn’t work: ${reason}`, 'bad');
    }
  }

  #actOnNode(action: NodeAction, node: ConsoleNode): void {
    const { nodeId, peers, rooms, instance } = node;
    const carries = `It carries ${countText(rooms, 'room')} with ${countText(peers, 'peer')}.`;
    switch (action) {
      case 'cordon':
        return this.#act('cordon', { nodeId }, `${nodeId} takes no new rooms`);
      case 'uncordon':
        return this.#act('uncordon', { nodeId }, `${nodeId} takes rooms again`);
      case 'drain': {
        const question = {
          title: `Drain ${nodeId}?`,
          text: `${carries} It takes no new rooms and empties; nobody is cut off.`,
          confirm: 'Drain',
          dangerous: false,
          number: { label: 'Deadline in minutes', ...DRAIN_MINUTES },
        };
        const go = (deadlineMinutes: number) => this.#adapter.control('drain', { nodeId, deadlineMinutes });
        return void this.#ask(() => ask(question), go, `${nodeId} drains`);
      }
      case 'kill-node':
        return this.#act('kill-node', { nodeId }, `${nodeId} was killed`, {
          title: `Kill ${nodeId}?`,
          text: `${carries} Its process ends at once, as in a crash; its peers come back by themselves elsewhere.`,
          confirm: 'Kill it',
          dangerous: true,
        });
      case 'interrupt-spot':
        return this.#act(
          'interrupt-spot',
          { instanceId: instance?.instanceId ?? nodeId },
          `${nodeId} has two minutes`,
          {
            title: `Interrupt ${nodeId}?`,
            text: `${carries} EC2 takes the spot instance back in two minutes.`,
            confirm: 'Interrupt',
            dangerous: true,
          },
        );
    }
  }

  #prefer(preferences: Preferences): void {
    rememberPreferences(preferences);
    this.#preferences = preferences;
    this.#apply();
  }

  #apply(): void {
    const { theme, type } = this.#preferences;
    const { dataset } = document.documentElement;
    dataset.theme = theme === 'auto' ? (this.#systemDark.matches ? 'dark' : 'light') : theme;
    dataset.type = type;
    // What is on a canvas doesn't follow the style sheet by itself.
    this.#pool.recolor();
    this.#alarms.recolor();
  }
}
