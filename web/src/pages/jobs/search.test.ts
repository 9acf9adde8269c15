import { describe, expect, it } from 'vitest';
import { formatTokens, jobsSearch, parseTokens } from './search';

describe('tokens', () => {
  it('are read and written the same', () => {
    for (const text of [
      'status:failed,canceled server:web-1 tag:nightly disk full',
      'queue:email type:send_email priority:3',
      'server:"two words"',
      'plain',
      '',
    ]) {
      expect(formatTokens(parseTokens(text))).toBe(text);
    }
  });

  it('take what is no token as text', () => {
    expect(parseTokens('http://x status:nonsense "a b"')).toEqual({ q: 'http://x a b' });
    expect(parseTokens('status:failed status:running')).toEqual({ status: ['failed', 'running'] });
  });
});

it('lets nothing wrong through from the address', () => {
  expect(jobsSearch({ status: ['failed', 'bogus'], priority: 99, sort: 'evil', kind: 'x', after: 'yesterday', q: '' })).toEqual({
    status: ['failed'],
  });
});
