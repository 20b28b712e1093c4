import { grantWords } from '../../../web/demo/grant-words';

describe('words for what an invitation leaves out', () => {
  const all = { canPublish: true, canSubscribe: true, canPublishData: true };

  it('are none when it allows everything', () => {
    expect(grantWords(all)).toBeUndefined();
  });

  it.each([
    [{ canPublish: false }, /watch and listen;/u],
    [{ canPublish: false, canPublishData: false }, /watch and listen, without writing in the chat;/u],
    [{ canSubscribe: false }, /not see or hear others\./u],
    [{ canPublish: false, canSubscribe: false }, /be here and chat\./u],
    [{ canPublishData: false }, /talk and listen, without writing/u],
  ])('are one sentence for %p', (missing, expected) => {
    const words = grantWords({ ...all, ...missing });

    expect(words).toMatch(expected);
    expect(words?.match(/\./gu)).toHaveLength(1);
  });
});
