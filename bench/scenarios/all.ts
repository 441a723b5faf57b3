// Owns the list of the scenarios, in the order in which they run.
import { checks } from './checks.ts';
import { downloads } from './downloads.ts';
import type { Scenario } from './scenario.ts';
import { sessions } from './sessions.ts';
import { slowDownloads } from './slow-downloads.ts';

export const scenarios: readonly Scenario[] = [...checks, ...sessions, ...downloads, ...slowDownloads];
