/**
 * The command that a person should type instead of the one that failed: their own options, with another port.
 * @param args what they gave `fleet up`
 */
export function startCommandWithPort(args: readonly string[], port: number): string {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--port') i += 1;
    else if (!arg.startsWith('--port=')) kept.push(arg);
  }
  return ['npm start --', ...kept.map(quoted), '--port', String(port)].join(' ');
}

/** As a POSIX shell takes it. */
function quoted(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", String.raw`'\''`)}'`;
}
