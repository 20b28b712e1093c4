import uPlot from 'uplot';
import { element } from '../shared/element';
import { timeText } from './format';

export interface ChartLine {
  /** A custom property of the style sheet, e.g. `--accent`. */
  color: string;
  /** @default 2 */
  width?: number;
  /** Filled down to zero. */
  filled?: boolean;
  /** It stays until it changes, as counts do. */
  stepped?: boolean;
  /** `count` has an axis of its own at the right. @default value */
  scale?: 'value' | 'count';
}

/** A line at one height, over the whole time. */
export interface ChartMark {
  at: number;
  color: string;
  label?: string;
  /** The label stands below the line. */
  below?: boolean;
}

/** A time that is shaded. */
export interface ChartShade {
  fromMs: number;
  toMs: number;
  color: string;
}

export interface TimeChartOptions {
  lines: readonly ChartLine[];
  /** Words of the value axis; without them there are no axes. */
  valueText?: (value: number) => string;
  /** The value axis reaches at least to it. @default 0 */
  atLeast?: number;
}

export interface ChartData {
  /** Seconds since 1970, then one row per line. */
  rows: [number[], ...(number | null)[][]];
  marks?: readonly ChartMark[];
  shades?: readonly ChartShade[];
}

/** Values over time, drawn by uPlot in the colours of the page, as wide and high as its holder. */
export class TimeChart {
  readonly root = element('div', { class: 'chart', role: 'img' });
  readonly #options: TimeChartOptions;
  #data: ChartData;
  #plot: uPlot | undefined;

  constructor(options: TimeChartOptions) {
    this.#options = options;
    this.#data = { rows: [[], ...options.lines.map(() => [])] };
    // Runs first once the chart is in the page and has a size.
    new ResizeObserver(() => this.#fit()).observe(this.root);
  }

  /** `words`: what it shows, for who can't see it. */
  update(data: ChartData, words: string): void {
    this.#data = data;
    this.root.setAttribute('aria-label', words);
    this.#plot?.setData(data.rows);
  }

  /** The colours of the page have changed. */
  recolor(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#fit();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (width === 0 || height === 0) return;
    if (this.#plot) this.#plot.setSize({ width, height });
    else this.#plot = new uPlot(this.#settings(width, height), this.#data.rows, this.root);
  }

  #settings(width: number, height: number): uPlot.Options {
    const { lines, valueText, atLeast = 0 } = this.#options;
    const style = getComputedStyle(this.root);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const fontSize = Number.parseFloat(style.fontSize);
    const axis: uPlot.Axis = {
      stroke: color('--muted'),
      font: `${fontSize}px ${style.fontFamily}`,
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
      size: fontSize * 3.6,
    };
    const hasCounts = lines.some(({ scale }) => scale === 'count');
    return {
      width,
      height,
      legend: { show: false },
      cursor: { show: false },
      padding: valueText ? [fontSize, hasCounts ? 4 : fontSize, 0, 0] : [3, 0, 3, 0],
      scales: {
        value: {
          range: (_plot, _min, max) => [0, Math.max(atLeast, this.#highestMark(), (max || 0) * 1.08) || 1],
        },
        count: { range: (_plot, _min, max) => [0, Math.max(4, Math.ceil(((max || 0) * 1.3) / 2) * 2)] },
      },
      axes: [
        valueText
          ? {
              ...axis,
              size: fontSize * 2,
              space: fontSize * 6.5,
              values: (_plot, at) => at.map((s) => timeText(s * 1_000)),
            }
          : { show: false },
        valueText
          ? { ...axis, scale: 'value', space: fontSize * 2.4, values: (_plot, at) => at.map(valueText) }
          : { show: false, scale: 'value' },
        ...(hasCounts
          ? [
              {
                ...axis,
                scale: 'count',
                side: 1,
                size: fontSize * 2.4,
                grid: { show: false },
                incrs: [1, 2, 5, 10, 20, 50, 100],
                values: (_plot, at) => at.map((count) => (this.#hasCounts() ? String(count) : '')),
              } satisfies uPlot.Axis,
            ]
          : []),
      ],
      series: [
        {},
        ...lines.map((line): uPlot.Series => {
          const { stepped = false, filled = false, scale = 'value' } = line;
          return {
            scale,
            stroke: color(line.color),
            width: line.width ?? 2,
            fill: filled ? `${color(line.color)}26` : undefined,
            points: { show: false },
            paths: stepped ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
          };
        }),
      ],
      hooks: {
        drawClear: [(plot) => this.#drawShades(plot, color)],
        draw: [(plot) => this.#drawMarks(plot, color, `${fontSize}px ${style.fontFamily}`)],
      },
    };
  }

  /** A scale without a line would only be a riddle. */
  #hasCounts(): boolean {
    const [, ...rows] = this.#data.rows;
    return this.#options.lines.some(
      ({ scale }, index) => scale === 'count' && rows[index]?.some((value) => value !== null),
    );
  }

  #highestMark(): number {
    return Math.max(0, ...(this.#data.marks ?? []).map(({ at }) => at * 1.15));
  }

  #drawShades(plot: uPlot, color: (name: string) => string): void {
    const { ctx, bbox } = plot;
    ctx.save();
    for (const { fromMs, toMs, color: name } of this.#data.shades ?? []) {
      const at = (ms: number) =>
        Math.min(Math.max(plot.valToPos(ms / 1_000, 'x', true), bbox.left), bbox.left + bbox.width);
      ctx.fillStyle = `${color(name)}33`;
      ctx.fillRect(at(fromMs), bbox.top, at(toMs) - at(fromMs), bbox.height);
    }
    ctx.restore();
  }

  #drawMarks(plot: uPlot, color: (name: string) => string, font: string): void {
    const { ctx, bbox } = plot;
    const pixel = devicePixelRatio;
    ctx.save();
    for (const { at, color: name, label, below = false } of this.#data.marks ?? []) {
      const y = Math.round(plot.valToPos(at, 'value', true));
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = color(name);
      ctx.fillStyle = color(name);
      ctx.lineWidth = 1.5 * pixel;
      ctx.setLineDash([6 * pixel, 4 * pixel]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      if (label === undefined) continue;
      ctx.font = font.replace(/^[\d.]+/, (size) => String(Number(size) * pixel));
      ctx.textAlign = 'left';
      // With a rim, so that it can be read across a line.
      ctx.setLineDash([]);
      ctx.lineJoin = 'round';
      ctx.lineWidth = 4 * pixel;
      ctx.strokeStyle = color('--surface');
      ctx.textBaseline = below ? 'top' : 'bottom';
      const place = [bbox.left + 6 * pixel, y + (below ? 4 : -3) * pixel] as const;
      ctx.strokeText(label, ...place);
      ctx.fillText(label, ...place);
    }
    ctx.restore();
  }
}
