import { element } from '../shared/element';

export { element };

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

/** Symbols of the sprite in index.html. */
export type IconName =
  | 'camera'
  | 'camera-off'
  | 'chat'
  | 'check'
  | 'close'
  | 'copy'
  | 'details'
  | 'dice'
  | 'leave'
  | 'mark'
  | 'mic'
  | 'mic-off'
  | 'people'
  | 'pin'
  | 'screen'
  | 'send'
  | 'settings'
  | 'sound'
  | 'warning';

/** A decorative drawing; whatever it stands for must also be said by a label. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG_NAMESPACE, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG_NAMESPACE, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Shows another drawing in an element made by {@link icon}. */
export function setIcon(svg: SVGSVGElement, name: IconName): void {
  svg.querySelector('use')?.setAttribute('href', `#icon-${name}`);
}

export interface IconButtonOptions {
  icon: IconName;
  /** What it does, for screen readers and as a tooltip. */
  label: string;
  testId?: string;
  class?: string;
  onClick: () => void;
}

export function iconButton(options: IconButtonOptions): HTMLButtonElement {
  const button = element(
    'button',
    {
      type: 'button',
      class: options.class ?? 'icon-button',
      'aria-label': options.label,
      title: options.label,
      'data-testid': options.testId,
    },
    icon(options.icon),
  );
  button.addEventListener('click', options.onClick);
  return button;
}

/** An SVG line over a row of numbers, newest at the right, for {@link sparklinePath}. */
export function sparkline(className: string): { svg: SVGSVGElement; draw: (path: string) => void } {
  const svg = document.createElementNS(SVG_NAMESPACE, 'svg');
  svg.setAttribute('class', `sparkline ${className}`);
  svg.setAttribute('viewBox', '0 0 100 28');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG_NAMESPACE, 'path');
  svg.append(path);
  return { svg, draw: (d) => path.setAttribute('d', d) };
}
