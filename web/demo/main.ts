/*
 * The room page. Options in its address: `?room=`, `?name=`, `?token=`, `?peer=` (the id a token is bound to), and
 * `?autojoin=1` (with `&camera=0`, `&mic=0`) to enter without asking.
 *
 * `data-testid` values that tests may rely on:
 *
 * entry       entry-name entry-name-note entry-room entry-room-note entry-invent entry-camera entry-microphone entry-speaker join
 *             console-link
 *             preview preview-mute preview-camera camera-note microphone-note
 * waiting     waiting cancel
 * refusal     refusal (data-code: the error's code) refusal-title refusal-text refusal-countdown refusal-retry
 *             refusal-back
 * room        room room-name copy-link people-count status (data-state: the SDK's connection state)
 *             banner-reconnecting unblock-sound alone stage (data-mode: grid, focus) toast
 * tiles       tile (data-peer-id, data-kind: person, screen; data-own: 1; classes has-picture, is-speaking,
 *             is-active-speaker, is-muted, is-focused) tile-video tile-name tile-muted tile-pin tile-others
 *             peer-audio
 * controls    mute camera screen (data-on: 1, 0; aria-disabled: the token doesn't allow it)
 *             chat-open chat-badge details-open settings leave
 * chat        chat chat-list chat-message chat-input chat-send chat-problem chat-close
 * details     details details-close media-node gateway-node connection-state session-id copy-session rtt protocol
 *             available-send send-bitrate receive-bitrate track-row (data-source, data-kind, data-direction) track-bitrate
 *             track-picture track-layers track-loss track-jitter track-score layer-select
 * settings    settings-dialog settings-camera settings-microphone settings-speaker settings-shortcuts
 *             settings-close
 */
import '../shared/zod-without-code';
import { App } from './app';
import { readPageOptions } from './page-options';

const holder = document.getElementById('app');
if (holder) new App({ holder, page: readPageOptions(location.search) }).start();
