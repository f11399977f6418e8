/** The image: what a linter says of it, and that what it copies is there. `npm run test:image` goes through its steps. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { validate } from 'dockerfile-utils';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { DOCKERFILE, ROOT, stagesOf, stepsOf } from './stages.ts';

const stages = stagesOf(DOCKERFILE);
const last = stages.at(-1)!;

it('has a Dockerfile of which the linter has nothing to say', () => {
  expect(validate(DOCKERFILE).map(({ message }) => message)).toEqual([]);
  expect(validate(`${DOCKERFILE}COPY\n`)).not.toEqual([]);
});

it('is built from fixed versions, runs as nobody special, and is asked how it does', () => {
  for (const { base } of stages) expect(base).toMatch(/^node:\d+-bookworm-slim$/);
  expect(stepsOf(last, 'USER').map(({ text }) => text)).toEqual(['node']);
  expect(stepsOf(last, 'RUN')).toEqual([]);
  expect(stepsOf(last, 'HEALTHCHECK')).toHaveLength(1);
  const [entry] = stepsOf(last, 'ENTRYPOINT');
  expect(entry?.words).toEqual(['node', 'bin/schub.mjs']);
});

it('copies all that the package ships and needs, and nothing that the context leaves out', () => {
  const lines = readFileSync(path.join(ROOT, '.dockerignore'), 'utf8').split('\n');
  expect(lines).toContain('*');
  const context = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  for (const name of context) expect(existsSync(path.join(ROOT, name)), name).toBe(true);
  const [first] = stages;
  const asked = stepsOf(first!, 'COPY').flatMap(({ words }) => words.slice(0, -1));
  for (const name of asked) expect(['.', ...context]).toContain(name);
  const copied = stepsOf(last, 'COPY').flatMap(({ words }) => words.slice(0, -1));
  const shipped = ['package.json', 'node_modules', 'bin', 'migrations', 'dist', 'LICENSE'];
  expect(copied).toEqual(expect.arrayContaining(shipped.map((name) => `/app/${name}`)));
});

it('is run by compose without rights, for this machine alone', () => {
  const { services, volumes } = parse(readFileSync(path.join(ROOT, 'compose.yaml'), 'utf8'));
  const { hub } = services;
  expect(hub).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
  for (const port of hub.ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:23456$/);
  const [volume] = stepsOf(last, 'VOLUME');
  expect(hub.volumes).toEqual([`data:${volume?.text}`]);
  expect(Object.keys(volumes)).toEqual(['data']);
});
