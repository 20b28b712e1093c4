/** The header with which the page proves that it is the console's own: no other web page can send it. */
export const CONSOLE_TOKEN_HEADER = 'fleet-console-token';

/** The `<meta>` of the page that has the run's token. Empty where there is nothing to control. */
export const CONSOLE_TOKEN_META = 'fleet-console-token';
