/**
 * The port that clients see. It outlives every hub: requests go to the one that runs, wait while it is being replaced,
 * and are refused with 503 while there is none. A proxy of HTTP rather than of connections, because a hub that stops
 * closes its idle connections, and a client that is just sending on one of those would see an error.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Place } from './messages.ts';
import type { Forwarded } from './forward.ts';
import { forward } from './forward.ts';
import { refuse } from './refuse.ts';

export interface Front {
  /** Where it listens; undefined before the first `listen`. */
  readonly address: AddressInfo | undefined;
  /** Listens there, and no longer at another place. Rejects with the error of the system. */
  listen(place: Place): Promise<AddressInfo>;
  /** Requests go to this port of the loopback address from now on. */
  open(port: number): void;
  /** Requests wait from now on. Resolves when those under way have ended or were cut. */
  hold(): Promise<void>;
  /** Requests are refused from now on. Resolves as `hold` does. */
  refuse(why: string): Promise<void>;
  close(): Promise<void>;
}

type State =
  | { readonly kind: 'open'; readonly port: number }
  | { readonly kind: 'held' }
  | { readonly kind: 'refusing'; readonly why: string };

export interface FrontOptions {
  /** How long a request may wait for the next hub. */
  readonly holdMs: number;
  /** How long requests under way may go on when their hub is to be replaced. */
  readonly graceMs: number;
}

const LAST_ANSWERS_MS = 100;
const CUT = 'The hub was restarted while it worked on this request; whether it was done is unknown.';

export function createFront({ holdMs, graceMs }: FrontOptions): Front {
  let state: State = { kind: 'held' };
  let server: Server | undefined;
  const left = new Set<Server>();
  let listensAt: Place | undefined;
  const waiting = new Set<() => void>();
  const underWay = new Set<Forwarded>();

  function handle(req: IncomingMessage, res: ServerResponse): void {
    if (state.kind === 'refusing') {
      refuse(res, state.why);
    } else if (state.kind === 'open') {
      const forwarded = forward(req, res, state.port);
      underWay.add(forwarded);
      void forwarded.ended.then(() => underWay.delete(forwarded));
    } else {
      wait(req, res);
    }
  }

  function wait(req: IncomingMessage, res: ServerResponse): void {
    const done = (): void => {
      clearTimeout(timer);
      waiting.delete(goOn);
      res.off('close', done);
    };
    const goOn = (): void => {
      done();
      handle(req, res);
    };
    const timer = setTimeout(() => {
      done();
      refuse(res, `The hub has not started within ${holdMs / 1_000} seconds.`);
    }, holdMs);
    waiting.add(goOn);
    res.on('close', done);
  }

  function become(next: State): void {
    state = next;
    if (next.kind !== 'held') for (const goOn of [...waiting]) goOn();
  }

  async function cutUnderWay(): Promise<void> {
    const all = [...underWay];
    for (const forwarded of all) if (forwarded.isStream()) forwarded.cut(CUT);
    const timer = setTimeout(() => {
      for (const forwarded of all) forwarded.cut(CUT);
    }, graceMs);
    await Promise.all(all.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  /** Its clients may have answers to come still. */
  function leave(old: Server): void {
    left.add(old);
    old.close(() => left.delete(old));
    old.closeIdleConnections();
    setTimeout(() => old.closeAllConnections(), holdMs).unref();
  }

  return {
    get address() {
      return (server?.address() ?? undefined) as AddressInfo | undefined;
    },
    async listen(place) {
      const same = place.host === listensAt?.host && place.port === listensAt.port;
      if (server === undefined || !same) {
        const next = await listenOn(place, handle);
        if (server !== undefined) leave(server);
        server = next;
        listensAt = place;
      }
      return server.address() as AddressInfo;
    },
    open(port) {
      become({ kind: 'open', port });
    },
    async hold() {
      become({ kind: 'held' });
      await cutUnderWay();
    },
    async refuse(why) {
      become({ kind: 'refusing', why });
      await cutUnderWay();
    },
    async close() {
      become({ kind: 'refusing', why: 'The hub has been stopped.' });
      await cutUnderWay();
      if (server !== undefined) leave(server);
      // The last answers are on their way.
      await delay(LAST_ANSWERS_MS);
      for (const old of left) old.closeAllConnections();
    },
  };
}

async function listenOn(
  place: Place,
  handle: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Server> {
  // How long a request may take to arrive, and whether it has a Host, is for the hub to judge.
  const server = createServer(
    { requestTimeout: 0, requireHostHeader: false, keepAliveTimeout: 65_000 },
    handle,
  );
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  server.once('error', reject);
  server.listen(place, () => {
    resolve(undefined);
  });
  await promise;
  server.off('error', reject);
  return server;
}
