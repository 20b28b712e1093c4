/** What a verification needs of a systemd service unit. */
export interface ServiceUnit {
  user: string;
  workingDirectory: string;
  /** Program and arguments. */
  command: string[];
  /** `Environment=` lines, and paths of `EnvironmentFile=`, in their order. */
  environment: string[];
  environmentFiles: string[];
}

/** Reads the subset of unit syntax that our unit uses: one value per line, no quotes, no continuation. */
export function parseServiceUnit(text: string): ServiceUnit {
  const lines = text.split('\n').filter((line) => /^\w+=/.test(line));
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1).trim());
  const one = (key: string): string => {
    const [value, ...more] = all(key);
    if (value === undefined || value === '' || more.length > 0) throw new Error(`the unit needs one ${key}=`);
    if (/["'\\]|%\w/.test(value))
      throw new Error(`${key}=${value}: quotes and specifiers are not understood here`);
    return value;
  };
  return {
    user: one('User'),
    workingDirectory: one('WorkingDirectory'),
    command: one('ExecStart').split(/\s+/),
    environment: all('Environment'),
    environmentFiles: all('EnvironmentFile'),
  };
}

/** The variables of an environment file: `NAME=value` lines. */
export function parseEnvironmentFile(text: string): string[] {
  return text.split('\n').filter((line) => /^\w+=/.test(line));
}
