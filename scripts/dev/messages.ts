/** What the dev process and the hub's process tell each other. */
import type { AddressInfo } from 'node:net';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** From the hub's process. */
export type FromHub =
  /** The files of settings that count, those of plugins, and, if the settings are good, where the hub will listen. */
  | { readonly kind: 'settings'; readonly files: readonly string[]; readonly place: Place | null }
  /** The code is loaded; `go` starts the hub. */
  | { readonly kind: 'loaded' }
  /** The hub wants this port; answered by `address` or `refused`. */
  | { readonly kind: 'listen'; readonly place: Place }
  /** The hub takes requests at this port of the loopback address. */
  | { readonly kind: 'listening'; readonly port: number };

/** From the dev process. */
export type ToHub =
  /** Its turn has come: load the code as it is now. */
  | { readonly kind: 'load' }
  | { readonly kind: 'go' }
  | { readonly kind: 'address'; readonly address: AddressInfo }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };
