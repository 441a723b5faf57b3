#!/usr/bin/env node
// The command line: hands the arguments over, and ends with the exit code.
import { systemClock } from '../base/clock.ts';
import { run } from './run.ts';

const { stdout, stderr, env, argv } = process;
// `otagate devices | head`: whoever reads has read enough.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const exitCode = await run(argv.slice(2), { stdout, stderr, env, now: systemClock });
process.exitCode = exitCode;
// What is left by now is a connection that waits for nothing.
if (exitCode !== 0) stdout.write('', () => process.exit(exitCode));
