// Owns Exchange: one request or upgrade on its way through the gate, and what there is to tell of it afterwards.
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '../base/errors.ts';
import type { GateEvent } from '../link/events.ts';
import type { DeviceReport } from '../ota/identity.ts';
import type { Change, RewrittenReply } from '../ota/reply.ts';
import type { LinkClaims } from '../ota/seal.ts';
import type { Decision } from '../policy/decide.ts';
import type { Facts } from '../policy/facts.ts';
import type { ClientRequest, ClientResponse } from './client.ts';
import type { Live } from './live.ts';

/** Where the answer goes: an HTTP response, or, for an upgrade, the bare socket. */
export type Outlet = { kind: 'response'; response: ClientResponse } | { kind: 'socket'; socket: Duplex; head: Buffer };

/** What the record tells, filled in on the way. */
export type Story = {
  status: number;
  /** Body bytes that went to the client. */
  bytes: number;
  code: ErrorCode | null;
  /** One line about what went wrong, for the log. */
  detail: string | null;
  upstream: string | null;
  /** From asking the upstream to its first byte. */
  upstreamMs: number | null;
  device: string | null;
  report: DeviceReport | null;
  changes: Change[];
  warnings: string[];
  offered: string | null;
  withheld: RewrittenReply['withheld'];
  /** How an image was come by: `hit`, `miss`, `filling`, … */
  cache: string | null;
  events: GateEvent[];
};

/** What a request's trace is told of it. */
export type Trace = {
  /** The headers of a request on its way upstream, with ours: from here on the upstream's span runs. */
  onto: (headers: [string, string][]) => [string, string][];
  end: (exchange: Exchange) => void;
};

export type Exchange = {
  id: string;
  request: ClientRequest;
  outlet: Outlet;
  live: Live;
  facts: Facts;
  claims: LinkClaims | null;
  decision: Decision;
  startedMs: number;
  /** The same moment by the clock that never goes back: what ends, ends by it. */
  nowMs: number;
  story: Story;
  /** Null where nobody asked for traces. */
  trace: Trace | null;
};

export function newStory(): Story {
  return {
    status: 0,
    bytes: 0,
    code: null,
    detail: null,
    upstream: null,
    upstreamMs: null,
    device: null,
    report: null,
    changes: [],
    warnings: [],
    offered: null,
    withheld: null,
    cache: null,
    events: [],
  };
}
