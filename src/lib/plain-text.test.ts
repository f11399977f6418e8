import { expect, it } from 'vitest';
import { cutText, oneLine, seenText } from './plain-text.ts';

it('keeps what is seen, and nothing that hides or turns text', () => {
  expect(seenText('a\u202Eb\u2066c\u0000d\u001b[31me\u{e0041}f\ufeffg\u00ad')).toBe('abcd[31mefg');
  expect(seenText('one\r\ntwo\rthree\u2028four\u0085five\vsix')).toBe('one\ntwo\nthree\nfour\nfive\nsix');
  expect(seenText('\ud800')).toBe('\ufffd');
  // What joins emoji and letters is part of them.
  expect(seenText('👩‍💻 می‌خواهم')).toBe('👩‍💻 می‌خواهم');
});

it('makes one line of many', () => {
  expect(oneLine('  # a\n\n- b\t\u2029c ')).toBe('# a - b c');
});

it('cuts between characters', () => {
  expect(cutText('ab😀', 4)).toBe('ab😀');
  expect(cutText('ab😀', 3)).toBe('ab');
});
