// The page of an entry: checks its proof when asked to, and tells each step as it was computed. Whatever is shown of the entry here is
// decoded from the bytes that were hashed, and is set as text. What the server printed elsewhere on the page is no evidence.

import {NotProven, OPEN, REACHED, hex, reachOf, readKey, readPolicy, verifyCheckpoint, verifyOneHistory, verifyOpening, verifyProof} from './proof.js';

const panel = document.querySelector('[data-proof]');
const words = document.getElementById('proof-words').content;
const button = document.getElementById('check');
const verdict = document.getElementById('verdict');
const held = document.getElementById('held');
const raw = document.getElementById('raw');
const STEPS = ['leaf', 'root', 'signed', 'log', 'witness', 'quorum', 'content', 'history', 'held'];

/** Of a step with several lines what says the most is its mark: one of them wrong, one of them right. */
const WEIGHT = ['', 'none', 'ok', 'bad'];

const word = (name) => words.querySelector(`[data-word="${name}"]`)?.textContent ?? name;
const eights = (digest) => digest.replace(/(.{8})(?=.)/g, '$1 ');
const instant = (seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
const line = (name) => panel.querySelector(`[data-step="${name}"]`);

const tell = (name, says, state) => {
  const step = line(name);
  const code = document.createElement('code');
  code.textContent = says;
  if (step.className === '') step.querySelector('.found').replaceChildren();
  step.querySelector('.found').append(code);
  step.className = WEIGHT.indexOf(step.className) > WEIGHT.indexOf(state) ? step.className : state;
};

const blank = (says) => {
  for (const name of STEPS) {
    const step = line(name);
    if (step.className !== '' && says === 'not-reached') continue;
    const code = document.createElement('code');
    code.textContent = word(says);
    step.className = '';
    step.querySelector('.found').replaceChildren(code);
  }
};

const conclude = (tone, ...says) => {
  verdict.className = `notice notice--${tone}`;
  verdict.replaceChildren(...says.map((text) => Object.assign(document.createElement('p'), {textContent: text})));
};

/** The way in which a reason is shown: at the step that it belongs to. */
const STEP_OF = {
  'proof-malformed': 'leaf', 'hash-length': 'leaf', 'another-entry': 'leaf', 'entry-malformed': 'leaf', 'number-out-of-range': 'leaf',
  'path-too-short': 'root', 'path-too-long': 'root', 'index-beyond-log': 'root', 'note-malformed': 'signed', 'root-differs': 'signed',
  'foreign-log': 'log', 'log-did-not-sign': 'log', 'signature-invalid': 'log', 'log-signature-not-checked-here': 'log',
  'key-malformed': 'log', 'key-id-differs': 'log', 'key-ambiguous': 'log', 'cosignature-invalid': 'witness',
  'policy-malformed': 'quorum', 'opening-differs': 'content',
};

const read = async (address) => {
  const answer = await fetch(address, {credentials: 'same-origin', headers: {accept: 'application/json'}});
  if (!answer.ok || answer.redirected) throw new NotProven('not-given');
  return answer.json();
};

const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (two) => parseInt(two, 16));

/** The path between two sizes, from the server that is checked: a wrong one proves nothing. */
const pathBetween = async (old, now) => {
  const found = await read(`${panel.dataset.consistency}&from=${old}&to=${now}`);
  return found.path.map(unhex);
};

const kept = (origin) => {
  try {
    const found = JSON.parse(localStorage.getItem(`safe-passage ${origin}`));
    return found === null ? null : {origin, size: found.size, root: unhex(found.root)};
  } catch {
    return null; // storage is closed, or holds what this page did not write
  }
};

const keep = ({origin, size, root}) => {
  try {
    localStorage.setItem(`safe-passage ${origin}`, JSON.stringify({size, root: hex(root)}));
  } catch {
    // nothing is remembered where the browser keeps nothing
  }
};

const show = (name, value) => {
  const row = document.createElement('div');
  row.append(Object.assign(document.createElement('dt'), {textContent: name}));
  const says = document.createElement('dd');
  says.append(Object.assign(document.createElement('code'), {textContent: typeof value === 'string' ? value : JSON.stringify(value)}));
  row.append(says);
  raw.append(row);
};

const decoded = async (leaf, openings) => {
  show('log', panel.dataset.origin);
  for (const [name, value] of Object.entries(leaf)) if (name !== 'commitments') show(name, name === 't' ? `${value} (${instant(value)})` : value);
  for (const one of openings) {
    const said = await verifyOpening({committed: leaf.commitments[one.group], salt: one.salt, content: one.content, alone: one.group === 'subject'});
    for (const [name, value] of Object.entries(said)) show(`${one.group}.${name}`, value);
    tell('content', `${word(`opened-${one.group}`)}: ${word('agrees')}`, 'ok');
  }
  if (openings.length === 0) tell('content', word('nothing-opened'), 'none');
};

const told = (name, value) => {
  if (name === 'log') tell('log', `${value.name}: ${word('signed')}`, 'ok');
  else if (name === 'witness') tell('witness', `${value.name}: ${value.checked ? `${word('signed')}, ${instant(value.at)}` : word('not-checked-here')}`, value.checked ? 'ok' : 'none');
  else tell(name, eights(hex(value)), 'ok');
};

const sameHistory = async (step, other, checkpoint) => {
  try {
    await verifyOneHistory(other, checkpoint, pathBetween);
  } catch (problem) {
    throw problem instanceof NotProven ? Object.assign(problem, {step}) : problem;
  }
  tell(step, `${word('continues')} ${other.size}: ${eights(hex(other.root))}`, 'ok');
};

const broughtCheckpoint = async (text, bundle) => {
  try {
    const {checkpoint} = await verifyCheckpoint(text.endsWith('\n') ? text : `${text}\n`, {origin: bundle.origin, logKeys: await Promise.all(bundle.log_keys.map(readKey))});
    return checkpoint;
  } catch (problem) {
    throw problem instanceof NotProven ? Object.assign(problem, {step: 'held'}) : problem;
  }
};

/** Whether those who cosigned are as many as the policy asks for, told in its step; gives how the conclusion says it, null where there is no policy. */
const quorum = (policy, witnesses) => {
  if (policy === null) {
    tell('quorum', word('no-policy'), 'none');
    return null;
  }
  const reach = reachOf(readPolicy(policy), witnesses);
  const says = reach === REACHED ? 'quorum-reached' : reach === OPEN ? 'quorum-open' : 'quorum-missed';
  tell('quorum', word(says), reach === REACHED ? 'ok' : 'none');
  return {says, tone: reach === REACHED || reach === OPEN ? 'good' : 'warn'};
};

const failed = (problem) => {
  const reason = problem instanceof NotProven ? problem.reason : 'unexpected';
  tell(problem.step ?? STEP_OF[reason] ?? 'leaf', word(reason), 'bad');
  if (reason === 'root-differs') line('root').className = 'bad';
  line(problem.step ?? STEP_OF[reason] ?? 'leaf').className = 'bad';
  blank('not-reached');
  raw.replaceChildren();
  conclude('danger', `${word('not-verified')} ${word(reason)}`);
};

const check = async () => {
  button.disabled = true;
  for (const name of STEPS) line(name).className = '';
  blank('not-checked');
  raw.replaceChildren();
  verdict.className = '';
  verdict.replaceChildren();
  try {
    const bundle = await read(panel.dataset.proof);
    const trust = {index: Number(panel.dataset.index), origin: panel.dataset.origin, logKeys: bundle.log_keys, witnessKeys: bundle.witness_keys};
    const {leaf, checkpoint, witnesses} = await verifyProof(bundle.file, trust, told);
    const checked = new Set(witnesses.filter((one) => one.checked).map((one) => one.name));
    if (witnesses.length === 0) tell('witness', word('no-witness'), 'none');
    const enough = quorum(bundle.policy, witnesses);
    await decoded(leaf, bundle.openings);
    const before = kept(checkpoint.origin);
    if (before === null) tell('history', word('nothing-remembered'), 'none');
    else await sameHistory('history', before, checkpoint);
    const text = held.value.trim();
    if (text === '') tell('held', word('nothing-pasted'), 'none');
    else await sameHistory('held', await broughtCheckpoint(text, {...bundle, origin: trust.origin}), checkpoint);
    if (before === null || before.size < checkpoint.size) keep(checkpoint);
    const signed = checked.size === 0 ? word('by-the-log-alone') : `${word('by-witnesses')} ${[...checked].join(', ')}.`;
    conclude(enough?.tone ?? 'good', word('verified'), signed, ...(enough === null ? [] : [word(enough.says)]));
  } catch (problem) {
    failed(problem);
  } finally {
    button.disabled = false;
  }
};

if (globalThis.crypto?.subtle) {
  button.hidden = false;
  button.addEventListener('click', check);
} else conclude('warn', word('not-secure'));
