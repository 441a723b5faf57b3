// Runs what holds the code in shape without running it: types, lint and format, the rules of the folders.
import { spawnSync } from 'node:child_process';
import { root } from './install.mjs';

const steps = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json'] },
  { name: 'types of the dashboard', args: ['node_modules/typescript/bin/tsc', '-p', 'src/dashboard'] },
  { name: 'lint and format', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '.'] },
  { name: 'architecture', args: ['--test', '--test-reporter=dot', 'test/house/architecture.test.ts'] },
];

const failed = steps.filter(({ name, args }) => {
  console.log(`\n== ${name}`);
  const startedAt = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`== ${name}: ${status === 0 ? 'well' : 'FAILED'} (${seconds} s)`);
  return status !== 0;
});

if (failed.length > 0) {
  console.error(
    `\ncheck failed: ${failed.map(({ name }) => name).join(', ')}. \`npm run format\` mends what is form alone.`,
  );
  process.exitCode = 1;
} else console.log('\ncheck: all well');
