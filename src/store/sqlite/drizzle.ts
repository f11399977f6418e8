/**
 * drizzle, as CommonJS: for each ES module of a package Node reads its package.json, drizzle's is 180 KB, and half a second of
 * every start went there.
 */
import { createRequire } from 'node:module';
import type * as driver from 'drizzle-orm/better-sqlite3';
import type * as migrator from 'drizzle-orm/migrator';
import type * as orm from 'drizzle-orm';
import type * as core from 'drizzle-orm/sqlite-core';

const require = createRequire(import.meta.url);
export const sqliteCore = require('drizzle-orm/sqlite-core') as typeof core;

export const { and, desc, eq, gt, isNotNull, isNull, sql } = require('drizzle-orm') as typeof orm;
export const { index, integer, sqliteTable, text, uniqueIndex } = sqliteCore;
export const { drizzle } = require('drizzle-orm/better-sqlite3') as typeof driver;
export const { readMigrationFiles } = require('drizzle-orm/migrator') as typeof migrator;
