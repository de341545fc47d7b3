// The proof of one entry of the log, from its bytes to the witnesses, as `safepassage verify` makes it. Pure: no document, no network.
//
// Each value is told as it is computed. What it does not show: that the keys are the log's and the witnesses', which has to be known from
// elsewhere (docs/witnessing.md), and that this script is the one that it should be, for it comes from the server that is being checked.

import {HASH_BYTES, joined, leafHash, must, rootAlong, same, sha256, verifyConsistency} from './merkle.js';
import {decimal, fromBase64, readCheckpoint, readKey, verifyCheckpoint} from './signed-note.js';

export {NotProven, hex} from './merkle.js';
export {MISSED, OPEN, REACHED, reachOf, readPolicy} from './quorum.js';
export {fromBase64, readCheckpoint, readKey, verifyCheckpoint} from './signed-note.js';

const FIRST_LINE = 'c2sp.org/tlog-proof@v1';
const MAX_CHARACTERS = 2 ** 20;
const SALT_BYTES = 32;
const DIGEST = '"[A-Za-z0-9_-]{43}"';
/** The one way to write a leaf of version 1 (safepassage.leaf): members in their order, each once. */
const LEAF = new RegExp(
  '^\\{"class":"[a-z0-9._:-]{1,64}","commitments":\\{"actor":D,"context":D,"subject":D\\},"digests":\\{"ct":D,"decision":D,"pt_commit":D\\},'
    .concat('"id":"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}","key_epoch":(?:0|[1-9][0-9]{0,3}),"policy_hash":D,')
    .concat('"t":(?:0|[1-9][0-9]{0,12}),"v":1\\}$')
    .replaceAll('D', DIGEST),
);

/** A `.tlog-proof` file (C2SP tlog-proof), nothing of it believed: {entry, index, path, note}. Ours have the entry as their extra line. */
export const readProofFile = (file) => {
  must(file.length <= MAX_CHARACTERS, 'proof-malformed');
  const cut = file.indexOf('\n\n');
  must(cut > 0 && cut < file.length - 2, 'proof-malformed');
  const [first, extra, index, ...path] = file.slice(0, cut).split('\n');
  must(first === FIRST_LINE && extra?.startsWith('extra ') && index?.startsWith('index '), 'proof-malformed');
  const hashes = path.map((line) => fromBase64(line, 'proof-malformed'));
  must(hashes.every((hash) => hash.length === HASH_BYTES), 'hash-length');
  return {
    entry: fromBase64(extra.slice('extra '.length), 'proof-malformed'),
    index: decimal(index.slice('index '.length), 'proof-malformed'),
    path: hashes,
    note: file.slice(cut + 2),
  };
};

/** What the hashed bytes of an entry say. Throws NotProven unless they are a leaf in its one form. */
export const readLeaf = (entry) => {
  const written = new TextDecoder('latin1').decode(entry);
  must(LEAF.test(written), 'entry-malformed');
  const leaf = JSON.parse(written);
  must(leaf.t < 2 ** 40, 'entry-malformed');
  return leaf;
};

const fromBase64url = (encoded) => {
  must(/^[A-Za-z0-9_-]*$/.test(encoded) && encoded.length % 4 !== 1, 'opening-differs');
  return fromBase64(encoded.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (encoded.length % 4)) % 4), 'opening-differs');
};

/**
 * That a commitment of the leaf was made of this salt and this content: what was shown of a sealed entry is what was sealed then.
 * committed, salt, content: base64url; content in its canonical form. alone: it is the one student of the entry, whose commitment is the
 * leaf of a tree. Gives the content, decoded from the bytes that were hashed.
 */
export const verifyOpening = async ({committed, salt, content, alone = false}) => {
  const [bytes, salted] = [fromBase64url(content), fromBase64url(salt)];
  must(salted.length === SALT_BYTES, 'opening-differs');
  const whole = joined(salted, bytes);
  must(same(await (alone ? leafHash(whole) : sha256(whole)), fromBase64url(committed)), 'opening-differs');
  return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
};

/**
 * The whole check of a proof file. `told(step, value)` hears each value once it is computed: leaf, root, signed, log, witness.
 *
 * file         the text of the `.tlog-proof`
 * index        the entry that is expected, so that the right proof of another entry is refused
 * origin       the log that is expected
 * logKeys, witnessKeys  vkeys, as published
 *
 * Gives {leaf, index, checkpoint, witnesses}. Throws NotProven, whose reason says what failed.
 */
export const verifyProof = async (file, {index, origin, logKeys, witnessKeys = []}, told = () => {}) => {
  const proof = readProofFile(file);
  must(proof.index === index, 'another-entry');
  const hash = await leafHash(proof.entry);
  told('leaf', hash);
  const leaf = readLeaf(proof.entry);
  const signed = readCheckpoint(proof.note);
  const computed = await rootAlong({leaf: hash, index, size: signed.size, path: proof.path});
  told('root', computed);
  told('signed', signed.root);
  must(same(computed, signed.root), 'root-differs');
  const {checkpoint, logLines, witnesses} = await verifyCheckpoint(proof.note, {
    origin,
    logKeys: await Promise.all(logKeys.map(readKey)),
    witnessKeys: await Promise.all(witnessKeys.map(readKey)),
  });
  for (const line of logLines) told('log', line);
  for (const line of witnesses) told('witness', line);
  return {leaf, index, checkpoint, witnesses};
};

/**
 * That two checkpoints are of one history, whichever is larger: {origin, size, root} each, one of them checked just now, the other kept
 * or brought by the viewer. pathBetween(oldSize, newSize) gets the path, 32 bytes each, and is asked only where one is needed.
 * Throws NotProven.
 */
export const verifyOneHistory = async (one, other, pathBetween) => {
  must(one.origin === other.origin, 'foreign-log');
  const [old, now] = one.size <= other.size ? [one, other] : [other, one];
  if (old.size === 0) return; // every log begins with the empty one
  const path = old.size === now.size ? [] : await pathBetween(old.size, now.size);
  await verifyConsistency({oldSize: old.size, newSize: now.size, oldRoot: old.root, newRoot: now.root, path});
};
