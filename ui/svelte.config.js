// Runes everywhere; TypeScript is stripped by Vite.
export default {
  compilerOptions: { runes: true },
};
