// Renames a member inside an installed package, as its next version may: `RENAME=engine.io/Socket#writeBuffer`. To be given
// to Node by `--import`.
import Module, { register } from 'node:module';
import { renamed } from './renamed.js';

if (process.env.RENAME) {
  const compile = Module.prototype._compile;
  Module.prototype._compile = function _compile(source, file, ...rest) {
    return compile.call(this, renamed(file, source), file, ...rest);
  };
  register('./renamed.js', import.meta.url);
}
