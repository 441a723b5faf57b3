// Owns the list of the scenarios, in the order in which they run.
import { checks } from './checks.ts';
import { coldHerds } from './cold-herds.ts';
import { downloads } from './downloads.ts';
import { pageScenarios } from './pages.ts';
import type { Scenario } from './scenario.ts';
import { sessions } from './sessions.ts';
import { slowDownloads } from './slow-downloads.ts';
import { uploadScenarios } from './uploads.ts';
import { workers } from './workers.ts';

export const scenarios: readonly Scenario[] = [
  ...checks,
  ...sessions,
  ...downloads,
  ...slowDownloads,
  ...coldHerds,
  ...uploadScenarios,
  ...pageScenarios,
  ...workers,
];
