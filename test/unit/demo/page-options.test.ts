import { cleanName, inventRoom, readPageOptions, shareLink } from '../../../web/demo/page-options';

describe('options in the page’s address', () => {
  it('are read from the query', () => {
    const options = readPageOptions('?room=team%20call&name=Ada&token=t.o.k&peer=p1&autojoin=1&mic=0');

    expect(options).toEqual({
      room: 'team call',
      name: 'Ada',
      token: 't.o.k',
      peerId: 'p1',
      mayPublish: true,
      autojoin: true,
      camera: true,
      microphone: false,
    });
  });

  it('are left open by an empty query', () => {
    const options = readPageOptions('');

    expect(options.room).toBeUndefined();
    expect(options.name).toBeUndefined();
    expect(options.token).toBeUndefined();
    expect(options.autojoin).toBe(false);
  });

  it('take from the token whom it is bound to and what it leaves out', () => {
    const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;
    const bound = token({ room: 'r', peer: 'Zoë ✓>>?', canPublish: false });

    expect(readPageOptions(`?token=${bound}`)).toMatchObject({ peerId: 'Zoë ✓>>?', mayPublish: false });
    expect(readPageOptions(`?token=${bound}&peer=other`).peerId).toBe('other');
    expect(readPageOptions(`?token=${token({ peer: 7 })}`)).toMatchObject({ mayPublish: true });
    expect(readPageOptions(`?token=${token({ peer: 7 })}`).peerId).toBeUndefined();
  });

  it.each(['x', 'a.b.c', 'a.bnVsbA.c', 'a.%%%.c', '..'])('say nothing for the token %p', (token) => {
    const options = readPageOptions(`?token=${encodeURIComponent(token)}`);

    expect(options).toMatchObject({ token, mayPublish: true });
    expect(options.peerId).toBeUndefined();
  });

  it('never put name or token into the link for others', () => {
    const link = shareLink('https://sfu.example.com/?token=secret&name=Ada&room=old#x', 'new room');

    expect(link).toBe('https://sfu.example.com/?room=new+room');
  });
});

describe('names', () => {
  it('are one bounded line', () => {
    expect(cleanName('  Ada\n\tLovelace ')).toBe('Ada Lovelace');
    expect(Array.from(cleanName('😀'.repeat(100)))).toHaveLength(40);
  });

  it('lose the marks that turn the writing direction around', () => {
    expect(cleanName('Ada\u202egnp.exe')).toBe('Ada gnp.exe');
  });

  it('keep emoji that are made of several code points', () => {
    expect(cleanName('👩‍💻 Ada')).toBe('👩‍💻 Ada');
  });

  it('of invented rooms can be said aloud', () => {
    expect(inventRoom(() => 0)).toBe('amber-brook-100');
    expect(inventRoom(() => 0.999999)).toMatch(/^[a-z]+-[a-z]+-999$/u);
  });
});
