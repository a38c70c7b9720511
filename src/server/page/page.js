'use strict';

// The server acknowledges nothing: what was handed to a socket that then broke may have arrived or not.
// 1. What is said here stays in the outbox, in order, until it is known to have arrived.
// 2. After a reconnect the history comes first. What it contains has arrived and, since the order is
//    kept, so has all that was sent before it. The rest is sent again with the same id.
// 3. Nobody shows the same id twice.

const HISTORY = 50; // messages asked for on arrival: all that a server keeps by default
const SHOWN = 1000; // messages kept on the page
const REMEMBERED = 5000; // ids never shown again
const UNCERTAIN = 200; // messages that may be on their way
const TRIES = 10;
const NAME_LENGTH = 32; // Unicode code points, as the server counts them
const LONG = 2000; // characters: of so much only the beginning is shown unasked
const LINE = 100; // what a line counts for, in characters
const FIRST_RETRY = 500; // milliseconds, as all times
const LAST_RETRY = 30000;
const HANDSHAKE = 15000;
const QUIET = 500; // so long without a message, and the history is over
const CERTAIN = 60000; // a server that still speaks to us after this has heard us, or dropped us after 40 s
const STALE = 600000; // what was sent so long before a reload is not sent again

const REASONS = {
  1001: 'The server is going away.',
  1008: 'The server refused a message.',
  1009: 'A message was too big for the server.',
  1011: 'The server has heard nothing from here.',
};

const PATH = location.pathname;
const ROOM = PATH.slice(1) || 'the lobby';
const $ = (id) => document.getElementById(id);
const log = $('log');
const box = $('text');
const messages = $('messages');
const people = $('people');

let name = '';
let socket = null;
let open = false;
let timer = 0; // the handshake's, the history's or the next try's
let attempts = 0;
let replay = 0; // how many of the next messages may be history
let entered = false; // has been in the room since the page was loaded
let outbox = []; // { message, tries, sentAt (0: not on this one), item }
let tooBig = Infinity; // bytes that the server has refused
let heard = []; // the newest messages of others, as they came
let past = []; // those of them that the history may repeat
let unread = 0; // while the page is hidden
let missed = 0; // while the reader has scrolled up
let following = true;
let height = log.clientHeight; // that was followed last
const seen = new Set(); // ids shown
const mine = new Set(); // ids that were said here
const spellings = new Map(); // of names: how many look the same and came before; of looks: how many have them

function start() {
  document.querySelector('h1').textContent = ROOM;
  showTitle();
  listen();
  restore();
  const known = attempt(() => localStorage.getItem('chinwag')) || '';
  if (problemOf(known)) askName();
  else enter(known);
}

function listen() {
  const on = (target, type, listener) => target.addEventListener(type, listener);
  on($('join'), 'submit', onJoin);
  on($('change'), 'click', askName);
  on($('door'), 'close', () => { if (!name) askName(); });
  on($('invite'), 'click', onInvite);
  on($('retry'), 'click', retryNow);
  on($('compose'), 'submit', onSubmit);
  on(box, 'keydown', onKey);
  on(log, 'scroll', onScroll);
  on($('jump'), 'click', onJump);
  on(document, 'visibilitychange', onVisibility);
  on(window, 'online', retryNow);
  on(window, 'offline', () => { if (open) lose('This device is offline.'); });
  new ResizeObserver(onResize).observe(log);
}

// The name, the room, the invitation

function askName() {
  $('name').value = name;
  $('room').value = PATH.slice(1);
  $('problem').textContent = '';
  $('door').showModal();
}

function onJoin(event) {
  event.preventDefault();
  const chosen = $('name').value.trim().normalize();
  const room = $('room').value.trim().replace(/\s+/g, '-');
  const isRoom = /^(?!(healthz|metrics)$)[\w-]{0,64}$/.test(room);
  if (complain('name', problemOf(chosen))) return;
  if (complain('room', isRoom ? '' : 'A room has up to 64 letters a to z, digits, _ and -.')) return;
  attempt(() => localStorage.setItem('chinwag', chosen));
  if (`/${room}` !== PATH) return location.assign(`/${room}`);
  enter(chosen);
  $('door').close();
  box.focus();
}

function enter(chosen) {
  if (chosen === name) return;
  name = chosen;
  attempts = 0;
  connect();
}

function problemOf(text) {
  if ([...text].length > NAME_LENGTH) return `A name has at most ${NAME_LENGTH} characters.`;
  if (looksOf(text) === '') return 'Please enter a name.';
  // A lone surrogate is no character and has no UTF-8.
  return /[\p{Cc}\p{Cs}]/u.test(text) ? 'A name has no control characters.' : '';
}

function complain(id, problem) {
  $('problem').textContent = problem;
  $(id).ariaInvalid = problem !== '';
  if (problem) $(id).focus();
  return problem;
}

async function onInvite() {
  const link = location.origin + PATH;
  try {
    await navigator.clipboard.writeText(link);
    put(make('li', 'note', 'Link copied: ', link));
  } catch {
    // Over plain http there is no clipboard.
    prompt('The address, to copy:', link);
  }
}

// The connection

function connect() {
  discard();
  if (attempts === 0) showState('connecting', 'Connecting…');
  const server = location.origin.replace('http', 'ws');
  socket = new WebSocket(`${server}${PATH}?name=${encodeURIComponent(name)}&history=${HISTORY}`);
  socket.binaryType = 'arraybuffer';
  socket.onopen = onOpen;
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = onClose;
  timer = setTimeout(lose, HANDSHAKE, 'The server does not answer.');
}

function onOpen() {
  open = true;
  replay = HISTORY;
  past = [...heard];
  log.ariaBusy = true;
  showState('open', 'Connected');
  awaitQuiet();
}

function awaitQuiet() {
  clearTimeout(timer);
  timer = setTimeout(onCaughtUp, replay > 0 ? QUIET : 0);
}

function onCaughtUp() {
  clearTimeout(timer);
  replay = 0;
  // Not before: a server may let us in only to throw us out.
  attempts = 0;
  if (!entered) putLine('You came in');
  entered = true;
  log.ariaBusy = false;
  flush();
}

async function onClose({ code }) {
  if (code === 1009) learnLimit();
  if (open) return lose(REASONS[code] || 'The connection was lost.');
  // Scripts are not told why a handshake failed. But a full server still says that it is well.
  const refused = socket;
  const isUp = await fetch('/healthz').then((answer) => answer.ok, () => false);
  if (socket !== refused) return;
  lose(isUp ? 'The server takes nobody in: it may be full.' : 'The server cannot be reached.');
}

function lose(reason) {
  discard();
  showState('closed', `${reason} Trying again…`);
  $('online').textContent = 'Who was here';
  outbox.forEach(showWaiting);
  const longest = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** attempts);
  attempts += 1;
  timer = setTimeout(connect, Math.random() * longest);
}

function discard() {
  clearTimeout(timer);
  open = false;
  replay = 0;
  for (const entry of outbox) entry.sentAt = 0;
  if (!socket) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close();
  socket = null;
}

function retryNow() {
  if (open || !name) return;
  attempts = 0;
  connect();
}

// What is said here

function onKey(event) {
  // keyCode 229: Safari ends the composition before it reports the Enter that ended it.
  const composing = event.isComposing || event.keyCode === 229;
  if (event.key !== 'Enter' || event.shiftKey || composing) return;
  event.preventDefault();
  $('compose').requestSubmit();
}

function onSubmit(event) {
  event.preventDefault();
  const text = box.value;
  box.focus();
  if (text.trim() === '') return;
  box.value = '';
  setFollowing(true);
  say(text);
}

function say(text) {
  // Over plain http there is no crypto.randomUUID.
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-');
  mine.add(id);
  enqueue({ message: { type: 'message', id, name, text, time: new Date().toISOString() }, tries: 0 });
  // In a silent room nothing is ever certain.
  if (outbox.length > UNCERTAIN && outbox[0].sentAt) outbox.shift();
  flush();
}

function enqueue({ message, tries }) {
  const entry = { message, tries, sentAt: 0, item: messageItem(message) };
  outbox.push(entry);
  see(message.id);
  showWaiting(entry);
  put(entry.item, $('waiting'));
}

function flush() {
  const unsent = outbox.filter(({ sentAt }) => !sentAt);
  // Nothing overtakes what was sent before, and that waits for what the history has to tell.
  if (open && (replay === 0 || !unsent[0]?.tries)) unsent.forEach(transmit);
  save();
}

function transmit(entry) {
  if (entry.tries === TRIES) return giveBack(entry, `Sent ${TRIES} times, a message may still not have arrived.`);
  if (sizeOf(entry) >= tooBig) return giveBack(entry, 'A message was too big for the server.');
  socket.send(JSON.stringify(entry.message));
  entry.sentAt = Date.now();
  entry.tries += 1;
  showSent(entry);
}

function settle(id) {
  const index = outbox.findIndex((entry) => entry.message.id === id);
  if (index < 0) return;
  outbox.splice(0, index + 1).forEach(showSent);
  save();
}

// If any was too big, the biggest was: it comes back to its author when it would be sent again.
function learnLimit() {
  const sizes = outbox.filter(({ sentAt }) => sentAt).map(sizeOf);
  if (sizes.length) tooBig = Math.max(...sizes);
}

function sizeOf({ message }) {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

function giveBack(entry, reason) {
  outbox = outbox.filter((other) => other !== entry);
  entry.item.remove();
  box.value = [entry.message.text, box.value].filter(Boolean).join('\n');
  put(make('li', 'note', `${reason} It is back in the box.`));
}

// What is heard

function receive(data) {
  outbox = outbox.filter(({ sentAt }) => !sentAt || Date.now() - sentAt < CERTAIN);
  if (typeof data !== 'string') return receiveUnknown(new TextDecoder().decode(data));
  const value = attempt(() => JSON.parse(data));
  // The server lets nobody else send what begins like this.
  if (value && /^\{"type":"(welcome|joined|left|alive)"/.test(data)) announce(value);
  else if (isMessage(value)) receiveMessage(value, data);
  else receiveUnknown(data);
}

function isMessage(value) {
  return value?.type === 'message' && typeof value.time !== 'object'
    && [value.id, value.name, value.text].every((part) => typeof part === 'string')
    && /^.{1,64}$/s.test(value.id) && problemOf(value.name) === '';
}

function receiveMessage(message, raw) {
  settle(message.id);
  if (isReplay(raw) || seen.has(message.id)) return;
  see(message.id);
  hear(raw, messageItem(message));
}

function receiveUnknown(text) {
  const origin = make('span', 'name', 'Unknown origin');
  if (!isReplay(text)) hear(text, make('li', 'message unknown', origin, ...textElements(text)));
}

// What has no id is known by its place: the history repeats in order what was heard.
function isReplay(raw) {
  if (replay === 0) return false;
  replay -= 1;
  awaitQuiet();
  const index = past.indexOf(raw);
  past.splice(0, index + 1);
  return index >= 0;
}

function hear(raw, item) {
  // Behind the first that is new, all are.
  past = [];
  heard = [...heard.slice(1 - HISTORY), raw];
  if (document.hidden && entered) unread += 1;
  if (!following) missed += 1;
  showTitle();
  showJump();
  put(item);
}

function see(id) {
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
}

// Who is here

function announce({ type, name: who, names, online }) {
  if (type === 'alive') return;
  $('online').textContent = `${online} here`;
  if (type === 'welcome') return welcome(names);
  // The others come behind the history.
  if (replay > 0) onCaughtUp();
  if (type === 'joined') people.append(person(who));
  else [...people.children].slice(1).find((item) => item.dataset.name === who)?.remove();
  put(make('li', 'note', nameElement(who), ` ${type} `, clock()));
}

function welcome(names) {
  const self = person(name);
  self.append('(you)');
  people.replaceChildren(self, ...names.map(person));
  if (entered) putLine('Connected again');
}

function person(who) {
  const item = make('li', '', nameElement(who));
  item.dataset.name = who;
  return item;
}

// Names: what cannot be seen is shown by its number, and those that only look the same are told apart

// In an emoji, what joins its parts is no trick.
const PARTS = /(\p{ExtPict}(?:[\uFE0F\p{EMod}]|\u200D\p{ExtPict})*)|[\p{Cf}\p{DI}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}|^ | $| (?= )/gu;
// Cyrillic and Greek letters, and those they pass for.
const FOREIGN = 'аеорсухѕіјԁԛԝһɡıαορνικАВЕКМНОРСТУХЅЈΑΒΕΖΗΚΜΝΟΡΤΥΧІӀӏΙI1|0';
const FAMILIAR = 'aeopcyxsijdqwhgiaopvikABEKMHOPCTYXSJABEZHKMNOPTYXlllllllO';

function nameElement(who) {
  const numberOf = (part) => `[U+${part.codePointAt().toString(16).toUpperCase()}]`;
  const shown = make('bdi', 'name', who.replace(PARTS, (part, emoji) => emoji || numberOf(part)));
  shown.style.setProperty('--hue', [...who].reduce((hue, letter) => (hue * 71 + letter.codePointAt()) % 360, 0));
  const others = spellingsBefore(who);
  return make('span', '', shown, ...(others ? [make('span', 'alike', `look-alike ${others}`)] : []));
}

function looksOf(text) {
  const letters = [...text.replace(PARTS, (_, emoji) => emoji || '').normalize('NFKD')];
  return letters.map((letter) => FAMILIAR[FOREIGN.indexOf(letter)] || letter).join('').replaceAll('rn', 'm');
}

function spellingsBefore(who) {
  // No name has a line break in it.
  const looks = `\n${looksOf(who)}`;
  if (spellings.size > REMEMBERED) spellings.clear();
  if (!spellings.has(who)) {
    spellings.set(who, spellings.get(looks) || 0);
    spellings.set(looks, spellings.get(who) + 1);
  }
  return spellings.get(who);
}

// What is shown

function messageItem({ id, name: who, time, text }) {
  const className = mine.has(id) ? 'message own' : 'message';
  return make('li', className, nameElement(who), clock(time), ...textElements(text));
}

function clock(time) {
  const now = new Date();
  const given = new Date(time);
  const date = Number.isNaN(+given) ? now : given;
  const dateStyle = date.toDateString() === now.toDateString() ? undefined : 'medium';
  return make('time', '', date.toLocaleString([], { dateStyle, timeStyle: 'short' }));
}

function textElements(text) {
  const paragraph = make('p', 'text', ...withLinks(text));
  if (text.length + LINE * text.split('\n').length < LONG) return [paragraph];
  const button = make('button', 'quiet');
  button.onclick = () => {
    button.textContent = paragraph.classList.toggle('cut') ? 'Show all' : 'Show less';
  };
  button.click();
  return [paragraph, button];
}

function withLinks(text) {
  // Neither what ends a sentence nor what cannot be seen belongs to an address.
  const parts = text.split(/(https?:\/\/[^\s<>"()\p{Cf}\p{DI}]+(?<![.,:;!?']))/giu);
  return parts.map((part, index) => (index % 2 ? link(part) : part));
}

function link(shown) {
  const url = URL.canParse(shown) && new URL(shown);
  // What stands before an @ could be taken for the host.
  if (!url || url.username || url.password) return shown;
  return Object.assign(make('a', '', shown), { href: url.href, rel: 'noopener noreferrer', target: '_blank' });
}

function make(tag, className, ...parts) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...parts);
  return element;
}

function put(item, list = messages) {
  list.append(item);
  while (messages.childElementCount > SHOWN) messages.firstElementChild.remove();
  follow();
}

function putLine(words) {
  const last = messages.lastElementChild;
  if (last?.matches('.line')) last.remove();
  put(make('li', 'note line', `${words} `, clock()));
}

// What waits stands below the rest: its place is known once it is sent.
function showSent({ item }) {
  delete item.dataset.wait;
  if (item.parentElement === $('waiting')) put(item);
}

function showWaiting({ item, tries }) {
  item.dataset.wait = tries ? 'May not have arrived' : 'Waiting to be sent';
  follow();
}

function follow() {
  if (following) log.scrollTop = log.scrollHeight;
}

function setFollowing(value) {
  following = value;
  if (following) missed = 0;
  showJump();
}

function showJump() {
  $('jump').hidden = following;
  $('jump').textContent = missed ? `${missed} new ↓` : 'To the newest ↓';
}

function onResize() {
  height = log.clientHeight;
  follow();
}

function onScroll() {
  // Whoever was at the end is still there, once the new size is followed.
  if (log.clientHeight !== height) return;
  setFollowing(log.scrollHeight - log.scrollTop - log.clientHeight < 40);
}

function onJump() {
  setFollowing(true);
  follow();
  // The button is gone, and the focus must not go with it.
  log.focus();
}

function showState(state, words) {
  document.documentElement.dataset.state = state;
  // Said once: every change is read aloud.
  if ($('status').textContent !== words) $('status').textContent = words;
}

function onVisibility() {
  if (document.hidden) return save();
  unread = 0;
  showTitle();
  retryNow();
}

function showTitle() {
  document.title = `${unread ? `(${unread}) ` : ''}${ROOM} · chinwag`;
}

// What is kept: the name for good; the draft, the outbox and what was said here for this tab and room

function save() {
  const sent = outbox.map(({ message, tries }) => ({ message, tries }));
  const state = { draft: box.value, outbox: sent, mine: [...mine].slice(-REMEMBERED) };
  attempt(() => sessionStorage.setItem(PATH, JSON.stringify(state)));
}

function restore() {
  const state = attempt(() => JSON.parse(sessionStorage.getItem(PATH)));
  if (!state) return;
  box.value = state.draft;
  for (const id of state.mine) mine.add(id);
  const unsure = ({ message, tries }) => tries === 0 || Date.now() - Date.parse(message.time) < STALE;
  state.outbox.filter(unsure).forEach(enqueue);
}

// Storage may be full, or forbidden: then its very mention throws.
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

start();
