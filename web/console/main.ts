/*
 * The operator's live view of a fleet. Served by the console server of a fleet on this machine it has a token in its
 * `<meta>`, and controls; served by a node it reads the operator API.
 */
import '../shared/zod-without-code';
import { CONSOLE_TOKEN_META } from '../../core/protocol/console-token';
import { createBrowserClock } from '../sdk/browser-clock';
import { OperatorAdapter } from './adapters/operator-adapter';
import { StreamAdapter } from './adapters/stream-adapter';
import { App } from './app';
import { recallToken, rememberToken } from './preferences';

const holder = document.getElementById('console');
const token = document.querySelector<HTMLMetaElement>(`meta[name=${CONSOLE_TOKEN_META}]`)?.content ?? '';
const common = {
  fetch: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  clock: createBrowserClock(),
};
if (holder) {
  new App({
    holder,
    createAdapter: (feed) =>
      token === ''
        ? new OperatorAdapter({
            ...common,
            ...{ url: '/', feed, recallToken, rememberToken },
            isHidden: () => document.hidden,
          })
        : new StreamAdapter({
            ...common,
            ...{ url: 'api/', token, feed },
            onOtherRun: () => location.reload(),
            openEventSource: (url) => new EventSource(url),
          }),
  }).start();
}
