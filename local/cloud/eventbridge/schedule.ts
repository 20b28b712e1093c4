/** When a rule is due. */
export interface Schedule {
  /** The first moment after this one, milliseconds since 1970. Undefined: never again. */
  next(afterMs: number): number | undefined;
}

const MINUTE_MS = 60_000;
const UNITS_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 1_440 * MINUTE_MS } as const;
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const DAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
/** Days to look ahead for a date, of which there may be one in eight years. */
const MAX_DAYS = 366 * 9;

/**
 * `rate(5 minutes)` or `cron(0 12 * * ? *)`, in UTC (EventBridge guide, "Schedule expressions"). A rate counts from the
 * moment in which the rule was made. Of cron, `L`, `W` and `#` are not played.
 * @throws SyntaxError
 */
export function parseSchedule(expression: string): Schedule {
  const rate = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(expression);
  if (rate) {
    const count = Number(rate[1]);
    // "A rate of 1 wants the singular, others the plural."
    if (count < 1 || (count === 1) !== (rate[3] === '')) throw invalid(expression);
    const everyMs = count * UNITS_MS[rate[2] as keyof typeof UNITS_MS];
    return { next: (afterMs) => afterMs + everyMs };
  }
  const cron = /^cron\((.+)\)$/.exec(expression)?.[1];
  if (cron === undefined) throw invalid(expression);
  return parseCron(cron, expression);
}

function parseCron(text: string, expression: string): Schedule {
  const fields = text.trim().split(/\s+/);
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields;
  // One of the two must leave the day to the other.
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) throw invalid(expression);
  const read = (field: string, min: number, max: number, names: readonly string[] = []): Set<number> =>
    readField(field, { min, max, names, expression });
  const minutes = [...read(minute, 0, 59)].sort((a, b) => a - b);
  const hours = [...read(hour, 0, 23)].sort((a, b) => a - b);
  const daysOfMonth = read(dayOfMonth, 1, 31);
  const months = read(month, 1, 12, MONTHS);
  const daysOfWeek = read(dayOfWeek, 1, 7, DAYS);
  const years = read(year, 1970, 2199);
  const fits = (day: Date): boolean =>
    years.has(day.getUTCFullYear()) &&
    months.has(day.getUTCMonth() + 1) &&
    daysOfMonth.has(day.getUTCDate()) &&
    daysOfWeek.has(day.getUTCDay() + 1);
  return {
    next(afterMs) {
      const midnight = Math.floor(afterMs / UNITS_MS.day) * UNITS_MS.day;
      for (let index = 0; index < MAX_DAYS; index += 1) {
        const dayMs = midnight + index * UNITS_MS.day;
        if (!fits(new Date(dayMs))) continue;
        for (const hourOfDay of hours) {
          for (const minuteOfHour of minutes) {
            const atMs = dayMs + hourOfDay * UNITS_MS.hour + minuteOfHour * MINUTE_MS;
            if (atMs > afterMs) return atMs;
          }
        }
      }
      return undefined;
    },
  };
}

interface FieldOptions {
  min: number;
  max: number;
  /** Of the values from `min` on. */
  names: readonly string[];
  expression: string;
}

/** `*`, `?`, values, names, ranges, steps, and lists of them. */
function readField(field: string, { min, max, names, expression }: FieldOptions): Set<number> {
  const valueOf = (text: string): number => {
    const named = names.indexOf(text.toUpperCase());
    const value = named >= 0 ? min + named : /^\d{1,4}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw invalid(expression);
    return value;
  };
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [range = '', step] = part.split('/');
    const [from = '', to] = range.split('-');
    const isAll = range === '*' || range === '?';
    const first = isAll ? min : valueOf(from);
    const last = isAll || (to === undefined && step !== undefined) ? max : valueOf(to ?? from);
    const every = step === undefined ? 1 : Number(step);
    if (!Number.isInteger(every) || every < 1 || last < first) throw invalid(expression);
    for (let value = first; value <= last; value += every) values.add(value);
  }
  return values;
}

function invalid(expression: string): SyntaxError {
  return new SyntaxError(`Parameter ScheduleExpression is not valid. (${expression})`);
}
