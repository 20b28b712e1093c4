import type { Grants } from '../sdk/vocabulary';

/** One sentence for what an invitation leaves out; undefined when it allows everything. */
export function grantWords({ canPublish, canSubscribe, canPublishData }: Grants): string | undefined {
  const withoutChat = canPublishData ? '' : ', without writing in the chat';
  if (!canPublish && !canSubscribe) return `Your invitation lets you be here${withoutChat || ' and chat'}.`;
  if (!canPublish) {
    return `Your invitation lets you watch and listen${withoutChat}; your camera and microphone stay off.`;
  }
  if (!canSubscribe)
    return `Your invitation lets you be seen and heard, not see or hear others${withoutChat}.`;
  return canPublishData
    ? undefined
    : 'Your invitation lets you talk and listen, without writing in the chat.';
}
