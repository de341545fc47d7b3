// Whether those who cosigned a checkpoint are as many as a policy asks for (C2SP tlog-policy). Pure.
//
// Three answers: reached by signatures that were checked here; reached only with some that browsers cannot check; not reached.

import {must} from './merkle.js';

export const MISSED = 0;
export const OPEN = 1;
export const REACHED = 2;
const NO_QUORUM = 'none';
const MAX_CHARACTERS = 2 ** 20;

const threshold = (rule, members) => {
  if (rule === 'all') return members;
  if (rule === 'any') return 1;
  must(/^[1-9][0-9]{0,5}$/.test(rule) && Number(rule) <= members, 'policy-malformed');
  return Number(rule);
};

/** A policy, read: {witnesses: [{name, vkey}], groups: [{name, threshold, members}], quorum}; each group after its members. Throws NotProven. */
export const readPolicy = (text) => {
  must(text.length <= MAX_CHARACTERS && (text === '' || text.endsWith('\n')), 'policy-malformed');
  const [witnesses, groups, names, taken] = [[], [], new Set(), new Set()];
  let quorum = null;
  const define = (name) => {
    must(name !== NO_QUORUM && !names.has(name), 'policy-malformed');
    names.add(name);
  };
  for (const line of text.split('\n').slice(0, -1)) {
    const [keyword, ...rest] = line.split(/[ \t]+/).filter((one) => one !== '');
    if (keyword === undefined || keyword.startsWith('#')) continue;
    if (keyword === 'log') must(rest.length === 1 || rest.length === 2, 'policy-malformed');
    else if (keyword === 'witness') {
      must((rest.length === 2 || rest.length === 3) && witnesses.every((one) => one.vkey !== rest[1]), 'policy-malformed');
      define(rest[0]);
      witnesses.push({name: rest[0], vkey: rest[1]});
    } else if (keyword === 'group') {
      const [name, rule, ...members] = rest;
      must(members.length > 0, 'policy-malformed');
      for (const member of members) {
        must(names.has(member) && !taken.has(member), 'policy-malformed');
        taken.add(member);
      }
      define(name);
      groups.push({name, threshold: threshold(rule, members.length), members});
    } else {
      must(keyword === 'quorum' && rest.length === 1 && quorum === null, 'policy-malformed');
      must(rest[0] === NO_QUORUM || names.has(rest[0]), 'policy-malformed');
      [quorum] = rest;
    }
  }
  must(quorum !== null, 'policy-malformed');
  return {witnesses, groups, quorum};
};

/** How far the cosignatures of a checkpoint ({vkey, checked} each, of verifyCheckpoint) reach: MISSED, OPEN or REACHED. */
export const reachOf = (policy, cosignatures) => {
  if (policy.quorum === NO_QUORUM) return REACHED;
  const reached = new Map(policy.witnesses.map(({name}) => [name, MISSED]));
  for (const {name, vkey} of policy.witnesses) {
    for (const one of cosignatures) if (one.vkey === vkey) reached.set(name, Math.max(reached.get(name), one.checked ? REACHED : OPEN));
  }
  for (const {name, threshold: enough, members} of policy.groups) {
    const counted = (least) => members.filter((member) => reached.get(member) >= least).length >= enough;
    reached.set(name, counted(REACHED) ? REACHED : counted(OPEN) ? OPEN : MISSED);
  }
  return reached.get(policy.quorum);
};
