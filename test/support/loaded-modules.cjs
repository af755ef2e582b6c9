// Preloaded into a process under test: writes the paths of all CommonJS modules that it loaded to $LOADED_MODULES.
process.on('exit', () => {
  require('node:fs').writeFileSync(process.env.LOADED_MODULES, Object.keys(require.cache).join('\n'));
});
