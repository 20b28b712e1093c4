type Child = Node | string | undefined;
type Attributes = Record<string, string | number | boolean | undefined>;

/**
 * A new HTML element. Children that are strings become text, never markup, so what people type can't inject
 * anything. `true` sets an attribute without a value; `false` and `undefined` leave it out.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}
