/** How the text of a setting becomes its value. Each parser can say in words what it expects. */
import { isIP, isIPv6 } from 'node:net';
import { z } from 'zod';
import { parseHost } from './host.ts';

export interface Parser<T> {
  readonly schema: z.ZodType<T, string>;
  /** Completes the sentence "expected …". */
  readonly expected: string;
}

/** Digits only; both bounds inclusive. */
export function integer(min: number, max: number): Parser<number> {
  const schema = z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((n) => n >= min && n <= max);
  return { schema, expected: `a whole number from ${String(min)} to ${String(max)}` };
}

const SWITCH: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

export const boolean: Parser<boolean> = {
  schema: z.string().transform((text, ctx) => SWITCH[text.toLowerCase()] ?? refuse(ctx)),
  expected: 'true or false',
};

/** One of some names in any case; `aliases` are accepted too. */
export function oneOf<const T extends string>(
  names: readonly T[],
  aliases: Readonly<Record<string, T>> = {},
): Parser<T> {
  const schema = z.string().transform((text, ctx) => {
    const lower = text.toLowerCase();
    return names.find((name) => name === lower) ?? aliases[lower] ?? refuse(ctx);
  });
  return { schema, expected: `one of ${names.join(', ')}` };
}

export const listenAddress: Parser<string> = {
  schema: z.string().refine((text) => isIP(text) !== 0 || parseHost(text)?.port === null),
  expected: 'a host name or an IP address without a port',
};

/** An http or https URL without credentials, query and fragment; a slash at its end is dropped. */
export const baseUrl: Parser<string> = {
  schema: z.string().transform((text, ctx) => {
    const url = URL.parse(text);
    if (url === null || !isHttp(url) || url.username !== '' || url.password !== '' || /[?#]/.test(text)) {
      return refuse(ctx);
    }
    return (url.origin + url.pathname).replace(/\/+$/, '');
  }),
  expected: 'an http:// or https:// address without user, query and fragment',
};

export const hostList: Parser<readonly string[]> = {
  schema: list((item) => {
    const host = parseHost(isIPv6(item) ? `[${item}]` : item);
    if (host === undefined) return undefined;
    return host.port === null ? host.name : `${host.name}:${host.port}`;
  }),
  expected: 'host names with or without a port, separated by commas (no * and no http://)',
};

/** IP addresses and networks such as 10.0.0.0/8. */
export const addressList: Parser<readonly string[]> = {
  schema: list((item) => (isNetwork(item) ? item : undefined)),
  expected: 'IP addresses or networks such as 10.0.0.0/8, separated by commas',
};

export const originList: Parser<readonly string[]> = {
  schema: list((item) => {
    const url = URL.parse(item);
    if (url === null || !isHttp(url)) return undefined;
    return url.origin ===
      item
        .toLowerCase()
        .replace(/\/$/, '')
        .replace(/:(80|443)$/, '') || url.origin === item.toLowerCase().replace(/\/$/, '')
      ? url.origin
      : undefined;
  }),
  expected: 'origins such as https://app.example.com, separated by commas (no * and no path)',
};

export const filePath: Parser<string> = {
  schema: z.string().refine((text) => !/[\0]|[/\\]$|^:memory:$|^file:/.test(text)),
  expected: 'the path of a file',
};

/** A slash at its end is dropped. */
export const folderPath: Parser<string> = {
  schema: z
    .string()
    .refine((text) => text !== '' && !text.includes('\0'))
    .transform((text) => (text.length > 1 ? text.replace(/[/\\]+$/, '') || '/' : text)),
  expected: 'the path of a folder',
};

/** Names of packages, and paths of files: absolute, or beginning with a dot. */
export const moduleList: Parser<readonly string[]> = {
  schema: list((item) => (MODULE.test(item) ? item : undefined)),
  expected:
    'names of packages and paths of files (absolute, or beginning with ./ or ../), separated by commas',
};

/** Sent in a header as it is: no spaces, nothing outside ASCII. */
export const headerSecret: Parser<string> = {
  schema: z.string().regex(/^[\x21-\x7e]+$/),
  expected: 'printable ASCII characters without spaces',
};

export const secretText: Parser<string> = { schema: z.string(), expected: 'a text' };

const MODULE = /^(?:(?:\.{0,2}[/\\]|[A-Za-z]:[/\\])[^\0]+|(?:@[a-z0-9~-][\w.~-]*\/)?[a-z0-9~-][\w.~-]*)$/;
/** `name=value` pairs, separated by commas; values are percent-encoded, as OpenTelemetry defines it. */
export const pairs: Parser<Readonly<Record<string, string>>> = {
  schema: z.string().transform((text, ctx) => {
    const read: Record<string, string> = {};
    for (const part of text.split(',')) {
      if (part.trim() === '') continue;
      const [, name, value] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
      if (name === undefined || value === undefined) return refuse(ctx);
      try {
        read[name] = decodeURIComponent(value);
      } catch {
        return refuse(ctx);
      }
    }
    return read;
  }),
  expected: 'name=value pairs separated by commas, values percent-encoded',
};

/** From 0 to 1. */
export const ratio: Parser<number> = {
  schema: z
    .string()
    .regex(/^\d*\.?\d+$/)
    .transform(Number)
    .refine((n) => n <= 1),
  expected: 'a number from 0 to 1',
};

function list(read: (item: string) => string | undefined): z.ZodType<readonly string[], string> {
  return z.string().transform((text, ctx) => {
    const items: string[] = [];
    for (const part of text.split(',')) {
      if (part.trim() === '') continue;
      const item = read(part.trim());
      if (item === undefined) return refuse(ctx);
      items.push(item);
    }
    return [...new Set(items)];
  });
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0 || address.includes('%')) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function refuse(ctx: z.RefinementCtx): never {
  ctx.addIssue({ code: 'custom' });
  return z.NEVER;
}
