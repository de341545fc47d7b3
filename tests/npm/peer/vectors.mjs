// The vectors of tests/vectors whose formats this node has: each is computed anew, and how many there were is said.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { MLKEM1024P384, MLKEM768X25519 } from '@noble/post-quantum/hybrid.js'

import { say } from '../told.mjs'
import { bodyOf, boundTo, headerOf, openedChunks, sealedChunks } from './chunks.mjs'
import { digest, fromBase64url, jcs } from './bytes.mjs'
import { keyPair, read, signed, signedTogether, verified } from './jws.mjs'
import { committedTo, parseLeaf } from './leaf.mjs'
import { cosignedMessage, parseCheckpoint, parseNote, parseVkey, signedCheckpoint, signers, vkeyOf } from './notes.mjs'
import { pack, unpack } from './packed.mjs'
import { pointOf } from './points.mjs'
import { committed, DEFAULT, infoOf, keyOfSeed, open, padded, unpadded } from './sealing.mjs'
import { consistencyPath, inclusionPath, leafHash, rootAlong, rootOf, verifyConsistency } from './tree.mjs'
import { pinnedList } from './trust.mjs'

const hex = (text) => Buffer.from(text, 'hex')
const seedOf = (number) => Buffer.alloc(32, number)
const vectors = async (name) => JSON.parse(await readFile(new URL(`../../vectors/${name}.json`, import.meta.url)))

const checks = {
  xwing({ xwing, hpke }) {
    for (const { seed, pk, ct, ss } of xwing.vectors) {
      assert.deepEqual(Buffer.from(MLKEM768X25519.keygen(hex(seed)).publicKey), hex(pk))
      assert.deepEqual(Buffer.from(MLKEM768X25519.decapsulate(hex(ct), hex(seed))), hex(ss))
    }
    for (const { skRm, enc, shared_secret } of hpke.vectors) {
      assert.deepEqual(Buffer.from(MLKEM768X25519.decapsulate(hex(enc), hex(skRm))), hex(shared_secret))
    }
    return xwing.vectors.length + hpke.vectors.length
  },

  mlkem1024_p384({ hpke }) {
    for (const { skRm, pkRm, enc, shared_secret } of hpke.vectors) {
      assert.deepEqual(Buffer.from(MLKEM1024P384.keygen(hex(skRm)).publicKey), hex(pkRm))
      assert.deepEqual(Buffer.from(MLKEM1024P384.decapsulate(hex(enc), hex(skRm))), hex(shared_secret))
    }
    return hpke.vectors.length
  },

  async sealing({ info, sealed }) {
    for (const one of info) assert.equal(infoOf(one.context).toString('hex'), one.info)
    const key = await keyOfSeed(hex(sealed.recipient_seed), DEFAULT)
    const plaintext = await open(fromBase64url(sealed.ciphertext), key, hex(sealed.info))
    assert.deepEqual(unpadded(plaintext), sealed.content)
    assert.ok(padded(sealed.content).equals(plaintext))
    assert.equal(committed(sealed.content.pt_salt, plaintext), sealed.pt_commit)
    await assert.rejects(open(fromBase64url(sealed.ciphertext), key, hex(info[0].info)), { code: 'ciphertext-unopened' })
    return info.length + 1
  },

  chunks({ header, header_digest, key: named, contents }) {
    assert.equal(headerOf(header, header.first).toString('hex'), header_digest)
    for (const { seed, size, leaf_hashes, body, ct_digest } of contents) {
      const [content, key] = [createHash('shake128', { outputLength: size }).update(seed).digest(), hex(named)]
      const sealed = sealedChunks(content, key, hex(header_digest))
      assert.deepEqual(sealed.map((chunk) => leafHash(chunk).toString('hex')), leaf_hashes)
      assert.ok(openedChunks(sealed, { key, size }, hex(header_digest)).equals(content))
      assert.deepEqual({ ...bodyOf(sealed, ''), sealed: body.sealed }, body)
      assert.equal(boundTo(body), ct_digest)
    }
    return contents.length
  },

  messages({ messages }) {
    for (const { typ, seed, claims, token, ...named } of messages) {
      const pair = keyPair(seedOf(seed))
      assert.equal(signed(typ, claims, pair), token)
      assert.deepEqual(verified(token, typ, [pair.public]), claims)
      assert.equal(digest(Buffer.from(token)), named.digest)
    }
    return messages.length
  },

  batches({ seed, members }) {
    const pair = keyPair(seedOf(seed))
    const foreign = read(members[1].token).signature.toString('base64url')
    for (const { typ, claims, token } of members) assert.deepEqual(verified(token, typ, [pair.public]), claims)
    const requests = signedTogether('sp-request+jws', members.map(({ claims }) => claims), pair)
    requests.forEach((token, at) => assert.deepEqual(verified(token, 'sp-request+jws', [pair.public]), members[at].claims))
    const swapped = `${members[0].token.slice(0, members[0].token.lastIndexOf('.'))}.${foreign}`
    assert.throws(() => verified(swapped, members[0].typ, [pair.public]), { code: 'bad-signature' })
    return members.length
  },

  curve25519_ell2_nu({ dst, vectors: all }) {
    for (const { msg, u_of_q } of all) assert.equal(BigInt(u_of_q), BigInt(`0x${pointOf(msg, dst).reverse().toString('hex')}`))
    return all.length
  },

  packed({ messages, refused }) {
    for (const { body, packed } of messages) {
      assert.equal(pack(fromBase64url(body)).toString('base64url'), packed)
      assert.equal(unpack(fromBase64url(packed)).toString('base64url'), body)
    }
    for (const { packed } of refused) assert.throws(() => unpack(fromBase64url(packed)), { code: 'envelope-malformed' })
    return messages.length + refused.length
  },

  leaf({ members, entry, leaf_hash, commitments }) {
    assert.equal(jcs(members).toString(), entry)
    assert.deepEqual(parseLeaf(Buffer.from(entry)), members)
    assert.deepEqual(leafHash(Buffer.from(entry)), hex(leaf_hash))
    for (const { salt, payload, commitment } of commitments) assert.equal(committedTo(hex(salt), payload), commitment)
    return commitments.length + 1
  },

  async inclusion({ vectors: all }) {
    const { entries } = await vectors('tree')
    for (const { entry, index, size, path, root } of all) {
      assert.deepEqual(rootAlong(leafHash(hex(entry)), index, size, path.map(hex)), hex(root))
      const hashes = entries.slice(0, size).map((one) => leafHash(hex(one)))
      if (size <= entries.length) assert.deepEqual(inclusionPath(hashes, index), path.map(hex))
    }
    return all.length
  },

  async consistency({ vectors: all }) {
    const { entries, roots } = await vectors('tree')
    const hashes = entries.map((one) => leafHash(hex(one)))
    roots.forEach((root, at) => assert.deepEqual(rootOf(hashes.slice(0, at + 1)), hex(root)))
    for (const { old_size, new_size, old_root, new_root, path } of all) {
      verifyConsistency({ size: old_size, root: hex(old_root) }, { size: new_size, root: hex(new_root) }, path.map(hex))
      if (new_size <= hashes.length) assert.deepEqual(consistencyPath(hashes.slice(0, new_size), old_size), path.map(hex))
    }
    return all.length
  },

  notes({ published, checkpoint }) {
    for (const { vkey, note } of published) assert.equal(signers(note, [vkey]).length, 1)
    const pair = keyPair(hex(checkpoint.seed))
    assert.equal(vkeyOf(checkpoint.origin, Buffer.from(pair.public.x, 'base64url')), checkpoint.vkey)
    assert.equal(signedCheckpoint(checkpoint.origin, checkpoint.size, hex(checkpoint.root), pair), checkpoint.note)
    assert.equal(parseCheckpoint(parseNote(checkpoint.note).text).size, checkpoint.size)
    assert.throws(() => signers(checkpoint.note.replace('70000', '70001'), [checkpoint.vkey]), { code: 'checkpoint-signature-invalid' })
    return published.length + 1
  },

  cosignatures({ text, timestamp, cosignatures }) {
    for (const { vkey, message, line } of cosignatures) {
      assert.equal(cosignedMessage(parseVkey(vkey), text, timestamp).toString('hex'), message)
      assert.equal(signers(`${text}\n${line}`, [vkey]).length, 1)
    }
    return cosignatures.length
  },

  trust_list({ payload, document, digest: pinned }) {
    assert.deepEqual(pinnedList(document, pinned, JSON.parse(payload).issued_at), JSON.parse(payload))
    assert.throws(() => pinnedList(document, digest(Buffer.from('another'))), { code: 'trust-list-digest-differs' })
    return 1
  },
}

const counted = {}
for (const [name, check] of Object.entries(checks)) counted[name] = await check(await vectors(name))
say(counted)
