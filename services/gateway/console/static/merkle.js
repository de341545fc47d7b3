// Proofs of a Merkle tree log, RFC 9162 section 2.1, with WebCrypto's SHA-256 alone. Pure: no document, no network.
//
// Nothing here trusts the log: a root has to come from a checkpoint whose signature was checked (signed-note.js). Sizes and indexes are
// divided by two, never shifted: JavaScript's shifts cut a number to 32 bits, and logs grow beyond.

/** What failed, as a code: the page has the words for it. `reason` is one of a fixed list, never something that was sent. */
export class NotProven extends Error {
  constructor(reason) {
    super(reason);
    this.name = 'NotProven';
    this.reason = reason;
  }
}

export const HASH_BYTES = 32;

/** Refuse with `reason` unless `fact`. */
export const must = (fact, reason) => {
  if (!fact) throw new NotProven(reason);
};

export const joined = (...parts) => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

export const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
export const leafHash = (entry) => sha256(joined(Uint8Array.of(0), entry));
export const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

const half = (number) => Math.floor(number / 2);
const odd = (number) => number % 2 === 1;
const isPowerOfTwo = (number) => {
  while (number > 1 && !odd(number)) number = half(number);
  return number === 1;
};

const mustBeCounts = (...numbers) => {
  for (const number of numbers) must(Number.isSafeInteger(number) && number >= 0, 'number-out-of-range');
};

const mustBeHashes = (...hashes) => {
  for (const hash of hashes) must(hash instanceof Uint8Array && hash.length === HASH_BYTES, 'hash-length');
};

/** How many hashes the path of entry `index` has in a tree of `size` entries: one for each level at which it has a sibling. */
export const pathLength = (index, size) => {
  mustBeCounts(index, size);
  must(index < size, 'index-beyond-log');
  let length = 0;
  for (let node = index, last = size - 1; last > 0; node = half(node), last = half(last)) if (odd(node) || node < last) length += 1;
  return length;
};

/**
 * The root to which `path` leads from the leaf (section 2.1.3.2); alone it shows nothing, it has to be compared.
 * leaf: leafHash(entry); path: 32 bytes each, from leaf to root. Throws NotProven.
 */
export const rootAlong = async ({leaf, index, size, path}) => {
  const length = pathLength(index, size);
  mustBeHashes(leaf, ...path);
  must(path.length >= length, 'path-too-short');
  must(path.length <= length, 'path-too-long');
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    // Where the node is the last one and has no sibling, it is its parent: the path says nothing of such a level.
    while (node === last && !odd(node)) {
      node = half(node);
      last = half(last);
    }
    hash = odd(node) ? await nodeHash(sibling, hash) : await nodeHash(hash, sibling);
    node = half(node);
    last = half(last);
  }
  return hash;
};

/** That the leaf is entry `index` of the tree with `root`. Throws NotProven. */
export const verifyInclusion = async ({leaf, index, size, path, root}) => {
  mustBeHashes(root);
  must(same(await rootAlong({leaf, index, size, path}), root), 'root-differs');
};

/**
 * That the tree of `newSize` entries begins with the one of `oldSize` (section 2.1.4.2). Both roots come from signed checkpoints.
 * From size 0 nothing can be shown, since every log begins with the empty one. Throws NotProven.
 */
export const verifyConsistency = async ({oldSize, newSize, oldRoot, newRoot, path}) => {
  mustBeCounts(oldSize, newSize);
  mustBeHashes(oldRoot, newRoot, ...path);
  must(oldSize > 0 && oldSize <= newSize, 'sizes-not-ordered');
  if (oldSize === newSize) {
    must(same(oldRoot, newRoot), 'history-differs');
    must(path.length === 0, 'path-too-long');
    return;
  }
  // A complete old tree is itself the first node of the way.
  const steps = isPowerOfTwo(oldSize) ? [oldRoot, ...path] : [...path];
  must(steps.length > 0, 'path-too-short');
  let node = oldSize - 1;
  let last = newSize - 1;
  while (odd(node)) {
    node = half(node);
    last = half(last);
  }
  let before = steps[0];
  let now = steps[0];
  for (const step of steps.slice(1)) {
    must(last > 0, 'path-too-long');
    if (odd(node) || node === last) {
      before = await nodeHash(step, before);
      now = await nodeHash(step, now);
      while (node > 0 && !odd(node)) {
        node = half(node);
        last = half(last);
      }
    } else now = await nodeHash(now, step);
    node = half(node);
    last = half(last);
  }
  must(last === 0, 'path-too-short');
  must(same(before, oldRoot) && same(now, newRoot), 'history-differs');
};
