/**
 * Contents of messages as HTML: Markdown without HTML of its own, then an allow list. The one place where text that agents
 * wrote becomes markup. Pictures become links: nothing is loaded because somebody named it.
 */
import { hash } from 'node:crypto';
import { createRequire } from 'node:module';
import { raw } from 'hono/html';
import { LRUCache } from 'lru-cache';
import MarkdownIt from 'markdown-it';
import sanitize from 'sanitize-html';
import type { Message } from '../http/objects.ts';
import type { CacheMeters } from '../lib/cache-meter.ts';
import type { Html } from './page.ts';

// Its types declare the whole DOM, which would then be everywhere in the hub.
const hljs = createRequire(import.meta.url)('highlight.js/lib/common') as {
  getLanguage(name: string): object | undefined;
  highlight(code: string, options: { language: string; ignoreIllegals: boolean }): { value: string };
};

/** Longer code is shown without colours: they would take longer than reading it. */
const MAX_COLOURED = 20_000;
/** Longer messages are shown as they are written. */
const MAX_MARKED_UP = 200_000;
const CACHE_BYTES = 16 * 1024 * 1024;

const markdown = new MarkdownIt({
  ...{ html: false, linkify: true, breaks: true },
  highlight(code, language) {
    if (code.length > MAX_COLOURED || hljs.getLanguage(language) === undefined) return '';
    return hljs.highlight(code, { language, ignoreIllegals: true }).value;
  },
});
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

const HEADING = sanitize.simpleTransform('p', { class: 'heading' });

const RULES: sanitize.IOptions = {
  allowedTags: [
    ...['p', 'br', 'hr', 'em', 'strong', 's', 'code', 'pre', 'span', 'blockquote', 'ul', 'ol', 'li', 'a'],
    ...['table', 'thead', 'tbody', 'tr', 'th', 'td'],
  ],
  allowedAttributes: { a: ['href', 'rel', 'target'], ol: ['start'] },
  allowedClasses: { p: ['heading'], code: ['language-*'], span: ['hljs-*'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'escape',
  transformTags: {
    // What a message calls a heading is none of the page's.
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, HEADING])),
    a: (tagName, { href = '' }) => ({
      tagName,
      attribs: { href, rel: 'noopener noreferrer nofollow', target: '_blank' },
    }),
    img: (_tag, { src = '', alt = '' }) => ({
      tagName: 'a',
      attribs: { href: src, rel: 'noopener noreferrer nofollow', target: '_blank' },
      text: `picture: ${alt === '' ? src : alt}`,
    }),
  },
};

/** The content of a message as markup that is safe to show. */
export type RenderBody = (message: Pick<Message, 'id' | 'content'>) => Html;

/** One that remembers what it has rendered. */
export function createBodyRenderer(caches: CacheMeters): RenderBody {
  const rendered = new LRUCache<string, string>({
    maxSize: CACHE_BYTES,
    sizeCalculation: (text, key) => 2 * (text.length + key.length) + 1,
    dispose: (_text, _key, reason) => meter.disposed(reason),
  });
  const meter = caches.add('bodies', () => ({ entries: rendered.size, bytes: rendered.calculatedSize }));
  return ({ id, content }) => {
    const key = `${id} ${hash('sha256', content, 'base64url')}`;
    const known = rendered.get(key);
    meter.looked(known !== undefined);
    if (known !== undefined) return raw(known);
    const text = content.length > MAX_MARKED_UP ? plain(content) : sanitize(markdown.render(content), RULES);
    rendered.set(key, text);
    return raw(text);
  };
}

function plain(content: string): string {
  return `<pre>${markdown.utils.escapeHtml(content)}</pre>`;
}
