// Signed notes (C2SP signed-note), checkpoints (tlog-checkpoint) and witnesses' cosignatures (tlog-cosignature). Pure.
//
// Ed25519 is checked here, of logs and of witnesses. Browsers have no ML-DSA: such a line is told as not checked, never as good; the
// command checks it. A line under the name and id of a known key that does not verify refuses the whole note, as it does there.

import {HASH_BYTES, hex, joined, must, same, sha256} from './merkle.js';

export const ED25519 = 1;
export const ED25519_COSIGNATURE = 4;
export const ML_DSA_44_COSIGNATURE = 6;
const KEY_BYTES = {[ED25519]: 32, [ED25519_COSIGNATURE]: 32, [ML_DSA_44_COSIGNATURE]: 1312};
const KEY_ID_BYTES = 4;
const MAX_NOTE_BYTES = 2 ** 18;
const MAX_SIGNATURES = 100;
const text = new TextEncoder();

const isName = (name) => name !== '' && !/[\s+\u0000-\u001f\u0085]/u.test(name);

/** The bytes of padded base64 in its one form; anything else is refused with `reason`. */
export const fromBase64 = (encoded, reason) => {
  must(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded), reason);
  const binary = atob(encoded);
  must(btoa(binary) === encoded, reason); // loose last bits
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
};

/** A number as notes and proof files write it: decimal, no leading zero. Beyond 2^53 it is refused: it would not be exact here. */
export const decimal = (written, reason) => {
  must(/^(?:0|[1-9][0-9]{0,18})$/.test(written), reason);
  must(Number.isSafeInteger(Number(written)), 'number-out-of-range');
  return Number(written);
};

/** A key as published, `name+hex(key id)+base64(type, key)`: {name, id, type, key, vkey, fingerprint}. Throws where its id is another's. */
export const readKey = async (vkey) => {
  const [name, id, ...rest] = vkey.split('+');
  const material = fromBase64(rest.join('+'), 'key-malformed');
  const [type, key] = [material[0], material.slice(1)];
  must(isName(name) && key.length > 0 && type > 0 && type < 255, 'key-malformed');
  must(!(type in KEY_BYTES) || key.length === KEY_BYTES[type], 'key-malformed');
  must(hex((await sha256(joined(text.encode(`${name}\n`), material))).slice(0, KEY_ID_BYTES)) === id, 'key-id-differs');
  return {name, id, type, key, vkey, fingerprint: hex(await sha256(key))};
};

const readLine = (line) => {
  const [dash, name, encoded, ...more] = line.split(' ');
  must(dash === '\u2014' && name !== undefined && isName(name) && encoded !== undefined && more.length === 0, 'note-malformed');
  const material = fromBase64(encoded, 'note-malformed');
  must(material.length > KEY_ID_BYTES, 'note-malformed');
  return {name, id: hex(material.slice(0, KEY_ID_BYTES)), signature: material.slice(KEY_ID_BYTES)};
};

/** A checkpoint, none of it believed: {origin, size, root, text, lines}; `text` is what was signed. */
export const readCheckpoint = (note) => {
  must(note.length <= MAX_NOTE_BYTES && !/[\u0000-\u0009\u000b-\u001f]/.test(note) && note.isWellFormed(), 'note-malformed');
  const cut = note.lastIndexOf('\n\n');
  must(cut > 0 && note.endsWith('\n') && cut < note.length - 2, 'note-malformed');
  const lines = note.slice(cut + 2, -1).split('\n');
  must(lines.length <= MAX_SIGNATURES, 'note-malformed');
  const signed = note.slice(0, cut + 1);
  const [origin, size, root, ...extensions] = signed.slice(0, -1).split('\n');
  must(isName(origin) && size !== undefined && root !== undefined && extensions.every((line) => line !== ''), 'note-malformed');
  const hash = fromBase64(root, 'note-malformed');
  must(hash.length === HASH_BYTES, 'note-malformed');
  return {origin, size: decimal(size, 'note-malformed'), root: hash, text: text.encode(signed), lines: lines.map(readLine)};
};

const mustVerify = async (key, signature, message, reason) => {
  const imported = await crypto.subtle.importKey('raw', key, {name: 'Ed25519'}, false, ['verify']);
  must(await crypto.subtle.verify({name: 'Ed25519'}, imported, signature, message), reason);
};

/** The instant of a cosignature, in seconds; refused beyond 2^53. */
const instantOf = (signature) => {
  const seconds = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  must(seconds <= BigInt(Number.MAX_SAFE_INTEGER), 'cosignature-invalid');
  return Number(seconds);
};

const verifyLine = async (line, key, note) => {
  const {type, name, id, vkey} = key;
  if (type === ED25519) {
    must(line.signature.length === 64, 'signature-invalid');
    await mustVerify(key.key, line.signature, note.text, 'signature-invalid');
    return {name, id, type, vkey, checked: true, at: null};
  }
  if (type === ED25519_COSIGNATURE) {
    must(line.signature.length === 8 + 64, 'cosignature-invalid');
    const at = instantOf(line.signature);
    const message = joined(text.encode(`cosignature/v1\ntime ${at}\n`), note.text);
    await mustVerify(key.key, line.signature.slice(8), message, 'cosignature-invalid');
    return {name, id, type, vkey, checked: true, at};
  }
  return {name, id, type, vkey, checked: false, at: null};
};

/**
 * What the lines of a checkpoint are worth to who knows `keys` (readKey): [{name, id, type, vkey, checked, at}], in the note's order, without
 * those of unknown keys. `checked: false`: of a known key, by a method that is not checked here. `at`: when a witness saw it, in seconds.
 * Throws NotProven where a line of a known key is wrong.
 */
export const verifiedLines = async (note, keys) => {
  const found = [];
  for (const line of note.lines) {
    const named = keys.filter((key) => key.name === line.name && key.id === line.id);
    // Of two keys of one name and id (a collision of 4 bytes) nobody can tell which one signed.
    must(new Set(named.map((key) => key.vkey)).size <= 1, 'key-ambiguous');
    if (named.length > 0) found.push(await verifyLine(line, named[0], note));
  }
  return found;
};

/**
 * The checkpoint of the log `origin`, once that log has signed it: {checkpoint, lines}.
 * logKeys, witnessKeys: from readKey. Only a key that is called as the log speaks for it. Throws NotProven.
 */
export const verifyCheckpoint = async (note, {origin, logKeys, witnessKeys = []}) => {
  const checkpoint = readCheckpoint(note);
  must(checkpoint.origin === origin, 'foreign-log');
  const logLines = await verifiedLines(checkpoint, logKeys.filter((key) => key.name === origin));
  must(logLines.length > 0, 'log-did-not-sign');
  must(logLines.some((line) => line.checked), 'log-signature-not-checked-here');
  const witnesses = await verifiedLines(checkpoint, witnessKeys.filter((key) => key.type !== ED25519));
  return {checkpoint, logLines, witnesses};
};

/** Whether two checkpoints say the same of one log. */
export const agree = (one, other) => one.origin === other.origin && one.size === other.size && same(one.root, other.root);
