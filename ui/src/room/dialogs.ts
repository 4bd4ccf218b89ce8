// The dialogs of a room, which come after its first picture.
export { default as Control } from './Control.svelte';
export { default as Invite } from './Invite.svelte';
export { default as Person } from './Person.svelte';
