/**
 * What a person gave `npm start` without the `--` before it: npm takes such options for its own and hands them on as
 * variables only. Gives the hint with the command to type, or undefined when there are none.
 */
export function swallowedOptionsHint(options: {
  env: NodeJS.ProcessEnv;
  /** What did arrive; npm leaves the value of an option there when no `=` joins them. */
  args: readonly string[];
  /** The options of the command, e.g. `--port` and whether it takes a value. */
  known: readonly { flag: string; takesValue: boolean }[];
}): string | undefined {
  const { env, args, known } = options;
  if (env.npm_lifecycle_event !== 'start') return undefined;
  const values = args.filter((arg) => !arg.startsWith('-'));
  const swallowed = known.flatMap(({ flag, takesValue }) => {
    const value = env[`npm_config_${flag.replace(/^--(no-)?/, '').replaceAll('-', '_')}`];
    if (value === undefined || (flag.startsWith('--no-') && value !== '')) return [];
    return [{ flag, takesValue, value: value === 'true' ? undefined : value }];
  });
  if (swallowed.length === 0) return undefined;
  // Which value belongs to which of several, nobody knows any more.
  const separate = swallowed.filter(({ takesValue, value }) => takesValue && value === undefined);
  const command = swallowed.flatMap(({ flag, takesValue, value }) => {
    if (!takesValue) return [flag];
    return [flag, value ?? (separate.length === 1 ? values[0] : undefined) ?? '…'];
  });
  return `options go after --: npm start -- ${command.join(' ')}`;
}
