/** Texts that would run if anything took them for markup; each calls `pwn`. */

const CALL = 'pwn()';
const TAGS = [
  'img',
  'svg',
  'body',
  'video',
  'audio',
  'input',
  'details',
  'iframe',
  'object',
  'math',
  'a',
  'marquee',
  'button',
  'select',
];
const EVENTS = ['onerror', 'onload', 'onfocus', 'ontoggle', 'onmouseover', 'onanimationstart'];
const BREAKS = ['', '"', "'", '">', "'>", '</title>', '</textarea>', '</script>', '</style>', '-->', ']]>'];
/** In two, for the linter. */
const SCRIPT = ['javascript', ':'].join('');
const SCHEMES = [
  ...[
    SCRIPT,
    SCRIPT.replaceAll('a', 'A'),
    'java\tscript:',
    ` ${SCRIPT}`,
    '&#106;avascript:',
    'javascript&colon;',
  ],
  ...['vbscript:', 'data:text/html,<script>', 'data:text/html;base64,'],
];

const handlers = TAGS.flatMap((tag) =>
  EVENTS.map((event) => `<${tag} src=x tabindex=0 autofocus open ${event}=${CALL}>`),
);
const scripts = BREAKS.flatMap((out) => [
  `${out}<script>${CALL}</script>`,
  `${out}<svg><script>${CALL}</script></svg>`,
  `${out}<ScRiPt >${CALL}</sCrIpT >`,
  `${out} autofocus onfocus=${CALL} x=`,
]);
const links = SCHEMES.flatMap((scheme) => [
  `[click](${scheme}${CALL})`,
  `<${scheme}${CALL}>`,
  `![p](${scheme}${CALL})`,
  `[r]: ${scheme}${CALL}\n[r]`,
  `<a href="${scheme}${CALL}">x</a>`,
  `<form action="${scheme}${CALL}"><button>x</button></form>`,
]);
const markdown = [
  `\`\`\`"><img src=x onerror=${CALL}>\ncode\n\`\`\``,
  `\`\`\`html\n<img src=x onerror=${CALL}>\n\`\`\``,
  `[x](http://a.example "onmouseover=${CALL}")`,
  `[x](http://a.example/"onmouseover="${CALL}")`,
  `![x" onerror="${CALL}](http://a.example/x.png)`,
  `![x](http://a.example/x.png "t" onerror=${CALL})`,
  `<http://a.example/"onclick="${CALL}">`,
  `http://a.example/<script>${CALL}</script>`,
  `| a |\n|---|\n| <img src=x onerror=${CALL}> |`,
  `<!--<img src="--><img src=x onerror=${CALL}>">`,
  `<noscript><p title="</noscript><img src=x onerror=${CALL}>">`,
  `<math><mtext></form><form><mglyph><style></math><img src onerror=${CALL}>`,
  `<svg><style><img title="</style><img src=x onerror=${CALL}>">`,
  `<template><img src=x onerror=${CALL}></template>`,
  `<base href="javascript:/a/+${CALL}//">`,
  `<meta http-equiv=refresh content="0;url=javascript:${CALL}">`,
  `<link rel=stylesheet href="data:text/css,*{}">`,
  `<style>@import 'http://a.example'</style>`,
  `<div style="background:url(javascript:${CALL})">`,
  `\u003cimg src=x onerror=${CALL}\u003e`,
  `\u202e<img src=x onerror=${CALL}>\u202c`,
  `{{constructor.constructor('${CALL}')()}}`,
  `\${${CALL}}`,
];

export const PAYLOADS: readonly string[] = [...handlers, ...scripts, ...links, ...markdown];
