/** jest's asymmetric matchers with a type that lint can live with (theirs is `any`). */
export const anyString: unknown = expect.any(String);
export const anyNumber: unknown = expect.any(Number);
export const anyArray: unknown = expect.any(Array);

export function containing(fields: object): unknown {
  return expect.objectContaining(fields);
}
