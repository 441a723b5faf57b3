// Owns the build of the dashboard: static files that the gate serves under a policy that allows nothing inline.
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // Browsers since the spring of 2024: from then on, `light-dark()` needs no second set of rules.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // Nothing goes inline: neither the preload script nor small pictures.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
