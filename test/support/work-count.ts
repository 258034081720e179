/**
 * How many characters `work` looks at through the methods that search and read strings: a measure that is the same on every
 * machine and under every load. Slices and comparisons of a prefix count as one.
 */
export function countWork(work: () => void): number {
  let looked = 0;
  /* oxlint-disable typescript/unbound-method -- each is called on the string or expression that it was asked of */
  const { indexOf, lastIndexOf, includes, charCodeAt, startsWith, slice } = String.prototype;
  const { exec } = RegExp.prototype;
  /* oxlint-enable typescript/unbound-method */
  const undoing = [
    replace(String.prototype, 'indexOf', function (this: string, what, from = 0) {
      const at = indexOf.call(this, what, from);
      looked += 1 + Math.max(0, (at === -1 ? this.length : at) - from);
      return at;
    }),
    replace(String.prototype, 'lastIndexOf', function (this: string, what, from = this.length) {
      const at = lastIndexOf.call(this, what, from);
      looked += 1 + from - Math.max(0, at);
      return at;
    }),
    replace(String.prototype, 'includes', function (this: string, what, from = 0) {
      const at = indexOf.call(this, what, from);
      looked += 1 + Math.max(0, (at === -1 ? this.length : at) - from);
      return includes.call(this, what, from);
    }),
    replace(String.prototype, 'charCodeAt', function (this: string, at) {
      looked += 1;
      return charCodeAt.call(this, at);
    }),
    replace(String.prototype, 'startsWith', function (this: string, what, at) {
      looked += 1;
      return startsWith.call(this, what, at);
    }),
    replace(String.prototype, 'slice', function (this: string, from, to) {
      looked += 1;
      return slice.call(this, from, to);
    }),
    replace(RegExp.prototype, 'exec', function (this: RegExp, text) {
      const from = this.global || this.sticky ? this.lastIndex : 0;
      const found = exec.call(this, text);
      looked += 1 + (found ? found.index + found[0].length - from : this.sticky ? 0 : Math.max(0, text.length - from));
      return found;
    }),
  ];
  try {
    work();
    return looked;
  } finally {
    for (const undo of undoing) undo();
  }
}

function replace<T extends object, K extends keyof T>(owner: T, name: K, method: T[K]): () => void {
  const original = owner[name];
  owner[name] = method;
  return () => {
    owner[name] = original;
  };
}
