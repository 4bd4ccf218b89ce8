// The dialogs of the whole window, which come after its first picture.
export { default as Connections } from '../room/Connections.svelte';
export { default as Privacy } from './Privacy.svelte';
export { default as Settings } from './Settings.svelte';
