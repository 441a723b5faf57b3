// Owns the start of the page.
import { render } from 'preact';
import { App } from './app.tsx';
import { follow } from './base/router.ts';
import { apply } from './base/settings.ts';

apply();
document.addEventListener('click', follow);
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
