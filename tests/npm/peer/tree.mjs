// The hashes and proofs of RFC 9162 section 2.1: 32-byte hashes, paths as lists of them.

import { demand } from './problem.mjs'
import { sha256 } from './bytes.mjs'

export const leafHash = (entry) => sha256([0], entry)
export const nodeHash = (left, right) => sha256([1], left, right)

/** Section 2.1.1. */
export function rootOf(hashes) {
  if (hashes.length < 2) return hashes[0] ?? sha256()
  const middle = largestPowerBelow(hashes.length)
  return nodeHash(rootOf(hashes.slice(0, middle)), rootOf(hashes.slice(middle)))
}

/** Section 2.1.3.1. */
export function inclusionPath(hashes, index) {
  if (hashes.length < 2) return []
  const middle = largestPowerBelow(hashes.length)
  const [left, right] = [hashes.slice(0, middle), hashes.slice(middle)]
  return index < middle ? [...inclusionPath(left, index), rootOf(right)] : [...inclusionPath(right, index - middle), rootOf(left)]
}

/** Section 2.1.4.1: the path between the first `size` of the hashes and all of them. */
export function consistencyPath(hashes, size, whole = true) {
  if (size === hashes.length) return whole ? [] : [rootOf(hashes)]
  const middle = largestPowerBelow(hashes.length)
  const [left, right] = [hashes.slice(0, middle), hashes.slice(middle)]
  if (size <= middle) return [...consistencyPath(left, size, whole), rootOf(right)]
  return [...consistencyPath(right, size - middle, false), rootOf(left)]
}

/** Section 2.1.3.2: the root to which the path leads. */
export function rootAlong(hash, index, size, path) {
  demand(index < size, 'index-beyond-log')
  let [fn, sn, root] = [BigInt(index), BigInt(size - 1), hash]
  for (const sibling of path) {
    demand(sn !== 0n, 'wrong-path-length')
    if (fn & 1n || fn === sn) {
      root = nodeHash(sibling, root)
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n]
    } else {
      root = nodeHash(root, sibling)
    }
    ;[fn, sn] = [fn >> 1n, sn >> 1n]
  }
  demand(sn === 0n, 'wrong-path-length')
  return root
}

/** Section 2.1.4.2: throws unless the tree of `older` is the beginning of that of `newer`, each {size, root}. */
export function verifyConsistency(older, newer, path) {
  const proves = (holds) => demand(holds, 'consistency-not-proven')
  proves(older.size > 0 && older.size <= newer.size)
  if (older.size === newer.size) return proves(path.length === 0 && older.root.equals(newer.root))
  const steps = Number.isInteger(Math.log2(older.size)) ? [older.root, ...path] : [...path]
  proves(steps.length > 0)
  let [fn, sn] = [BigInt(older.size - 1), BigInt(newer.size - 1)]
  while (fn & 1n) [fn, sn] = [fn >> 1n, sn >> 1n]
  let [old, whole] = [steps[0], steps[0]]
  for (const step of steps.slice(1)) {
    proves(sn !== 0n)
    if (fn & 1n || fn === sn) {
      ;[old, whole] = [nodeHash(step, old), nodeHash(step, whole)]
      while (!(fn & 1n) && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n]
    } else {
      whole = nodeHash(whole, step)
    }
    ;[fn, sn] = [fn >> 1n, sn >> 1n]
  }
  proves(sn === 0n && old.equals(older.root) && whole.equals(newer.root))
}

const largestPowerBelow = (size) => 2 ** (Math.ceil(Math.log2(size)) - 1)
