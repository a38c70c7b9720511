'use strict';

// The server relays a message to everyone but its sender and acknowledges nothing: what was handed to a
// socket that then broke may or may not have arrived. Three rules settle it:
//
// 1. What is said here stays in the outbox, in order, until it is known to have arrived.
// 2. After a reconnect the history comes first. What it contains has arrived and, since the order is
//    kept, so has all that was sent before it. The rest is sent again with the same id.
// 3. Nobody shows the same id twice.

const HISTORY = 50;         // messages asked for on arrival: all that a server keeps unless told otherwise
const SHOWN = 1000;         // messages kept on the page
const REMEMBERED = 5000;    // ids never shown again
const NAME_LENGTH = 32;     // Unicode code points, as the server counts them
const FIRST_RETRY = 500;    // all times in milliseconds
const LAST_RETRY = 30000;
const HANDSHAKE = 15000;
const QUIET = 500;          // so long without a message, and the history is over: nothing else marks its end
const TRIES = 5;
const CERTAIN = 60000;      // a server that still speaks to us after this has heard us, or dropped us after 40 s

const REASONS = {
  1001: 'The server is going away.',
  1008: 'The server refused a message.',
  1009: 'A message was too big for the server.',
  1011: 'The server had heard nothing from here for too long.',
};

const ROOM = location.pathname.slice(1) || 'the lobby';
const NAME_KEY = 'chinwag name';
const ROOM_KEY = `chinwag room ${location.pathname}`;
const $ = (id) => document.getElementById(id);

let name = '';
let socket = null;
let open = false;
let timer = 0;              // one at a time: the handshake's, the history's or the next try's
let attempts = 0;
let replay = 0;             // how many of the next messages may be history
let outbox = [];            // { message, tries, sent (on this connection), sentAt, item }
let heard = [];             // the newest messages of others, as they came
let past = [];              // those of them that the history may repeat
let unread = 0;
let following = true;
const seen = new Set();     // ids shown
const mine = new Set();     // ids that were said here

start();

function start() {
  for (const element of document.querySelectorAll('.room')) element.textContent = ROOM;
  showTitle();
  listen();
  restore();
  const known = recall('localStorage', NAME_KEY);
  if (problemOf(known)) askName(known);
  else enter(known);
}

function listen() {
  $('join').addEventListener('submit', onJoin);
  $('rename').addEventListener('click', () => askName(name));
  $('compose').addEventListener('submit', onSubmit);
  $('text').addEventListener('keydown', onKey);
  $('log').addEventListener('scroll', () => { following = isAtBottom(); });
  new ResizeObserver(follow).observe($('log'));
  document.addEventListener('visibilitychange', onVisibility);
  addEventListener('online', retryNow);
  addEventListener('offline', () => { if (open) lose('This device is offline.'); });
}

// The name

function askName(suggestion) {
  $('chat').hidden = true;
  $('join').hidden = false;
  $('name').value = suggestion;
  $('name').focus();
}

function onJoin(event) {
  event.preventDefault();
  const chosen = $('name').value.trim();
  const problem = problemOf(chosen);
  $('name-problem').textContent = problem;
  $('name').setAttribute('aria-invalid', problem !== '');
  if (problem) return $('name').focus();
  remember('localStorage', NAME_KEY, chosen);
  enter(chosen);
}

function enter(chosen) {
  $('join').hidden = true;
  $('chat').hidden = false;
  $('text').focus();
  follow();
  if (chosen === name) return;
  name = chosen;
  attempts = 0;
  connect();
}

function problemOf(text) {
  if (text === '') return 'Please enter a name.';
  if ([...text].length > NAME_LENGTH) return `A name has at most ${NAME_LENGTH} characters.`;
  // A lone surrogate is no character and has no UTF-8.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return 'A name has no control characters.';
  return '';
}

// The connection

function connect() {
  discard();
  if (attempts === 0) showState('connecting', 'Connecting…');
  socket = new WebSocket(address());
  socket.binaryType = 'arraybuffer';
  socket.onopen = onOpen;
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = onClose;
  timer = setTimeout(lose, HANDSHAKE, 'The server does not answer.');
}

function address() {
  const server = location.origin.replace('http', 'ws');
  return `${server}${location.pathname}?name=${encodeURIComponent(name)}&history=${HISTORY}`;
}

function onOpen() {
  open = true;
  replay = HISTORY;
  past = [...heard];
  $('log').ariaBusy = 'true';
  showState('open', 'Connected');
  awaitQuiet();
}

function awaitQuiet() {
  clearTimeout(timer);
  timer = setTimeout(onCaughtUp, replay > 0 ? QUIET : 0);
}

function onCaughtUp() {
  replay = 0;
  // Not before now: a server that lets us in only to throw us out is not to be hammered.
  attempts = 0;
  $('log').ariaBusy = 'false';
  flush();
}

function onClose({ code }) {
  if (code === 1009) giveUpBiggest();
  lose(REASONS[code] || (open ? 'The connection was lost.' : 'The server cannot be reached, or is full.'));
}

function lose(reason) {
  discard();
  showState('closed', `${reason} Trying again…`);
  outbox.forEach(markWaiting);
  const longest = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** attempts);
  attempts += 1;
  timer = setTimeout(connect, Math.random() * longest);
}

function discard() {
  clearTimeout(timer);
  open = false;
  replay = 0;
  for (const entry of outbox) entry.sent = false;
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
  const text = $('text').value;
  $('text').focus();
  if (text.trim() === '') return;
  $('text').value = '';
  following = true;
  say({ type: 'message', id: newId(), name, text, time: new Date().toISOString() });
}

function say(message) {
  // In a silent room nothing is ever certain, and the history tells of no more than this.
  if (outbox.length >= HISTORY && outbox[0].sent) outbox.shift();
  mine.add(message.id);
  enqueue({ message, tries: 0 });
  flush();
  save();
}

function enqueue({ message, tries }) {
  const entry = { message, tries, sent: false, sentAt: 0, item: messageItem(message) };
  outbox.push(entry);
  see(message.id);
  markWaiting(entry);
  put(entry.item, $('waiting'));
}

function flush() {
  if (!open || replay > 0) return;
  outbox.filter((entry) => !entry.sent).forEach(transmit);
  save();
}

function transmit(entry) {
  if (entry.tries === TRIES) return giveUp(entry, 'Given up: may not have arrived');
  socket.send(JSON.stringify(entry.message));
  Object.assign(entry, { sent: true, sentAt: Date.now(), tries: entry.tries + 1 });
  place(entry);
}

function settle(id) {
  const index = outbox.findIndex((entry) => entry.message.id === id);
  if (index < 0) return;
  for (const entry of outbox.splice(0, index + 1)) place(entry);
  save();
}

function settleOld() {
  const before = Date.now() - CERTAIN;
  outbox = outbox.filter((entry) => !entry.sent || entry.sentAt > before);
}

function giveUpBiggest() {
  const [biggest] = outbox.filter((entry) => entry.sent).sort((a, b) => sizeOf(b) - sizeOf(a));
  if (biggest) giveUp(biggest, 'Too big for the server: not delivered');
}

function sizeOf({ message }) {
  return new Blob([JSON.stringify(message)]).size;
}

function giveUp(entry, reason) {
  outbox = outbox.filter((other) => other !== entry);
  place(entry, 'failed', reason);
  save();
}

function newId() {
  // Not crypto.randomUUID: it is missing where the page comes over plain http.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// What is heard

function receive(data) {
  settleOld();
  if (typeof data !== 'string') return receiveUnknown(new TextDecoder().decode(data));
  const value = parse(data);
  if (value && /^\{"type":"(welcome|joined|left)"/.test(data)) announce(value);
  else if (isMessage(value)) receiveMessage(value, data);
  else receiveUnknown(data);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isMessage(value) {
  return value !== null && value.type === 'message'
    && typeof value.id === 'string' && value.id !== '' && value.id.length <= 64
    && typeof value.name === 'string' && problemOf(value.name) === ''
    && typeof value.text === 'string' && typeof value.time !== 'object';
}

function receiveMessage(message, raw) {
  settle(message.id);
  if (isReplay(raw) || seen.has(message.id)) return;
  see(message.id);
  hear(raw, messageItem(message));
}

function receiveUnknown(text) {
  if (!isReplay(text)) hear(text, unknownItem(text));
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
  heard = [...heard.slice(1 - HISTORY), raw];
  put(item, $('messages'));
  if (document.hidden) unread += 1;
  showTitle();
}

function see(id) {
  seen.add(id);
  if (seen.size > REMEMBERED) seen.delete(seen.values().next().value);
}

// Who is here

function announce({ type, name: who, names, online }) {
  $('online').textContent = `${online} here`;
  const people = $('people');
  if (type === 'welcome') return people.replaceChildren(person(`${name} (you)`), ...names.map(person));
  if (type === 'joined') people.append(person(who));
  else [...people.children].slice(1).find((item) => item.textContent === who)?.remove();
  put(noteItem(who, type), $('messages'));
}

function person(who) {
  return make('li', '', who);
}

// What is shown

function messageItem(message) {
  const item = make('li', mine.has(message.id) ? 'message own' : 'message');
  item.append(make('bdi', 'name', message.name), ' ', clock(message.time), make('p', 'text', message.text));
  return item;
}

function unknownItem(text) {
  const item = make('li', 'message unknown');
  item.append(make('span', 'name', 'Unknown origin'), make('p', 'text', text));
  return item;
}

function noteItem(who, what) {
  const item = make('li', 'note');
  item.append(make('bdi', '', who), ` ${what}`);
  return item;
}

function clock(time) {
  const now = new Date();
  const given = new Date(time);
  const date = Number.isNaN(given.getTime()) ? now : given;
  const dateStyle = date.toDateString() === now.toDateString() ? undefined : 'medium';
  const element = make('time', '', date.toLocaleString([], { dateStyle, timeStyle: 'short' }));
  element.dateTime = date.toISOString();
  return element;
}

function make(tag, className, text = '') {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function put(item, list) {
  list.append(item);
  while ($('messages').childElementCount > SHOWN) $('messages').firstElementChild.remove();
  follow();
}

// What waits stands below the rest: its place is known once it is sent.
function place(entry, className = '', words = '') {
  mark(entry, className, words);
  if (entry.item.parentElement === $('waiting')) put(entry.item, $('messages'));
}

function markWaiting(entry) {
  mark(entry, 'waiting', entry.tries ? 'May not have arrived' : 'Waiting to be sent');
}

function mark({ item }, className, words) {
  item.className = `message own ${className}`;
  item.querySelector('.state')?.remove();
  if (words) item.append(make('span', 'state', words));
  follow();
}

function isAtBottom() {
  const { scrollHeight, scrollTop, clientHeight } = $('log');
  return scrollHeight - scrollTop - clientHeight < 40;
}

function follow() {
  if (following) $('log').scrollTop = $('log').scrollHeight;
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
  const kept = outbox.map(({ message, tries }) => ({ message, tries }));
  const state = { draft: $('text').value, outbox: kept, mine: [...mine].slice(-HISTORY) };
  remember('sessionStorage', ROOM_KEY, JSON.stringify(state));
}

function restore() {
  const state = parse(recall('sessionStorage', ROOM_KEY));
  if (!state) return;
  $('text').value = state.draft;
  for (const id of state.mine) mine.add(id);
  state.outbox.forEach(enqueue);
}

function remember(area, key, value) {
  try {
    window[area].setItem(key, value);
  } catch {
    // Storage may be full, or so forbidden that its very mention throws.
  }
}

function recall(area, key) {
  try {
    return window[area].getItem(key) || '';
  } catch {
    return '';
  }
}
