import { expect, it } from 'vitest';
import type { Place } from './paths.ts';
import { dataFolder } from './paths.ts';

it.each<[string, Place, string]>([
  ['Linux', { platform: 'linux', home: '/home/a', env: {} }, '/home/a/.local/share/shared-context-hub'],
  ['XDG', { platform: 'linux', home: '/home/a', env: { XDG_DATA_HOME: '/x' } }, '/x/shared-context-hub'],
  [
    'a relative XDG folder counts as none',
    { platform: 'linux', home: '/home/a', env: { XDG_DATA_HOME: 'x' } },
    '/home/a/.local/share/shared-context-hub',
  ],
  [
    'an empty one too',
    { platform: 'linux', home: '/home/a', env: { XDG_DATA_HOME: '' } },
    '/home/a/.local/share/shared-context-hub',
  ],
  [
    'macOS',
    { platform: 'darwin', home: '/Users/a', env: {} },
    '/Users/a/Library/Application Support/shared-context-hub',
  ],
  [
    'XDG on macOS',
    { platform: 'darwin', home: '/Users/a', env: { XDG_DATA_HOME: '/x' } },
    '/x/shared-context-hub',
  ],
  [
    'Windows',
    { platform: 'win32', home: 'C:\\Users\\a', env: { LOCALAPPDATA: 'D:\\Local' } },
    'D:\\Local\\shared-context-hub',
  ],
  [
    'Windows without LOCALAPPDATA',
    { platform: 'win32', home: 'C:\\Users\\a', env: {} },
    'C:\\Users\\a\\AppData\\Local\\shared-context-hub',
  ],
])('the data folder: %s', (_name, place, expected) => {
  expect(dataFolder(place)).toBe(expected);
});
