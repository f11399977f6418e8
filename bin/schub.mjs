#!/usr/bin/env node
// Syntax of old Nodes, and no static import: an old one must reach the sentence before anything else is loaded.
if (Number(process.versions.node.split('.')[0]) < 22) {
  process.stderr.write(
    'schub needs Node 22 or newer, and this is ' +
      process.version +
      ': install Node 24 and start schub with it.\n',
  );
  process.exit(2);
}

const main = new URL('../dist/cli/main.js', import.meta.url);

// What becomes the hub: `serve`, and `up`, which needs no name.
const serves = /^(serve|up|-(?!h$|V$|-help$|-version$).*)?$/.test(process.argv[2] || '');

Promise.all([import('node:fs'), import('node:module'), import('./heap-flags.mjs')]).then(
  ([fs, { default: module }, heap]) => {
    if (serves) heap.limitHeap();
    // Compiled code is kept from one start to the next, where Node can.
    if (module.enableCompileCache) module.enableCompileCache();
    if (fs.existsSync(main)) return import(main.href);
    process.stderr.write('schub is not built yet: run "npm start" or "npm run build" in its folder first.\n');
    process.exitCode = 1;
  },
);
