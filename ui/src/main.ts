// Chooses the backend and puts the window on the page.
import { mount } from 'svelte';
import './look/look.css';
import App from './App.svelte';
import type { Backend } from './backend/backend';
import { insideTheApp, TauriBackend } from './backend/tauri';
import { Face } from './face.svelte';
import { Spoken } from './words/language.svelte';
import { words } from './words/words';

async function choose(): Promise<Backend | null> {
  if (insideTheApp()) return new TauriBackend();
  if (import.meta.env.MODE === 'production') return null;
  const { mockFromAddress } = await import('./backend/page');
  return mockFromAddress(new URL(location.href));
}

const target = document.getElementById('app') ?? document.body;
const backend = await choose();
if (backend) {
  const face = new Face(backend);
  const spoken = new Spoken();
  await spoken.follow('system');
  mount(App, { target, props: { face, spoken } });
  await face.open();
} else {
  target.textContent = words.app.onlyInTheApp;
}
