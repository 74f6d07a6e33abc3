// The script of the page: lists that sort, filter and turn pages, one account at
// a time with its timeline, and the other language. Texts of logs are only ever
// set as text. Without it the page shows the first rows of each list.
(() => {
'use strict';

const $ = (selector, root) => (root || document).querySelector(selector);
const $$ = (selector, root) => [...(root || document).querySelectorAll(selector)];

let data = null;                       // rows of all lists
let lang = document.documentElement.lang;
const pieces = new Map();              // charges that were unpacked
const lists = {};                      // what each list shows
let opened = -1;                       // the account that is shown

// unpack reads an element that holds compressed JSON.
async function unpack(id) {
  const packed = atob($('#' + id).textContent.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

// Words.

function t(text, ...args) {
  const said = (data && data.said[lang].texts[text]) || text;
  return said.replace(/\{(\d)\}/g, (_, n) => args[n] === undefined ? '' : String(args[n]));
}

function word(set, code) {
  const of = data.said[lang].codes[set];
  return (of && of[code]) || code;
}

function grouped(digits) { return digits.replace(/\B(?=(\d{3})+$)/g, ','); }

function number(n) {
  if (n === null || n === undefined) return '–';
  const s = String(n);
  return s[0] === '-' ? '-' + grouped(s.slice(1)) : grouped(s);
}

// money writes minor units exactly, as the rest of the page does.
function money(minor, code) {
  const digits = data.digits[code] || 0;
  let s = String(minor), sign = '';
  if (s[0] === '-') { sign = '-'; s = s.slice(1); }
  s = s.padStart(digits + 1, '0');
  let out = sign + grouped(s.slice(0, s.length - digits));
  if (digits) out += '.' + s.slice(s.length - digits);
  if (lang === 'ja' && code === 'JPY') return out + '円';
  if (lang === 'ja' && ['PT', 'PTS', 'PNT'].includes(code)) return out + 'ポイント';
  return code ? out + ' ' + code : out;
}

const two = n => String(n).padStart(2, '0');

// when writes seconds of the page's clock.
function when(seconds, exact) {
  const d = new Date(seconds * 1000);
  return String(d.getUTCFullYear()).padStart(4, '0') + '-' + two(d.getUTCMonth() + 1) + '-' + two(d.getUTCDate()) + ' ' +
    two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + (exact ? ':' + two(d.getUTCSeconds()) : '');
}

// stretch writes a stretch of time, its end without the day if that is the same.
function stretch(from, to) {
  const start = when(from), end = when(to);
  return start + ' – ' + (start.slice(0, 11) === end.slice(0, 11) ? end.slice(11) : end);
}

// after writes a length of time.
function after(seconds) {
  const sign = seconds < 0 ? '-' : '+';
  const s = Math.abs(seconds), u = lang === 'ja' ? ['秒', '分', '時間', '日', ''] : [' s', ' min', ' h', ' d', ' '];
  if (s < 60) return sign + s + u[0];
  if (s < 3600) return sign + Math.floor(s / 60) + u[1];
  if (s < 172800) return sign + Math.floor(s / 3600) + u[2] + u[4] + Math.floor(s % 3600 / 60) + u[1];
  return sign + Math.floor(s / 86400) + u[3] + u[4] + Math.floor(s % 86400 / 3600) + u[2];
}

// make returns an element with texts and elements in it.
function make(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) if (value !== null) e.setAttribute(name, value);
  for (const c of children) if (c !== null) e.append(c);
  return e;
}

function draw(tag, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  for (const c of children) e.append(c);
  return e;
}

// log returns a text of a log, kept apart from what stands beside it.
const log = text => text ? make('bdi', null, text) : '–';

// compare orders numbers, numbers that are too large for one, and texts.
function compare(a, b) {
  if (typeof a === 'string' && typeof b === 'string' && !/^-?\d+$/.test(a + b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'string' || typeof b === 'string') { a = BigInt(a); b = BigInt(b); }
  return a < b ? -1 : a > b ? 1 : 0;
}

// Lists. Each says how many rows it has, what a row is sorted by, which rows a
// filter keeps, and the cells of a row.

const sure = { confirmed: 0, probable: 1, possible: 2 };
const texts = (of, name, i) => of[name + 'List'][of[name][i]];

const kinds = {
  accounts: {
    filters: { show: 'victims', tier: '', vector: '', text: '', size: '25' },
    count: () => data.rows.account.length,
    key(name, i) {
      const r = data.rows, a = data.accounts, at = r.account[i];
      switch (name) {
        case 'number': return at;
        case 'name': return a.name[at];
        case 'tier': return sure[texts(r, 'tier', i)];
        case 'vector': return word('vector', texts(a, 'vector', at));
        case 'at': return a.at[at];
        case 'net': return r.victim[i] ? r.net[i] : null;
        default: return r.victim[i] ? r[name][i] : null;
      }
    },
    keeps(f) {
      const r = data.rows, a = data.accounts, needle = f.text.toLowerCase();
      return i => {
        const at = r.account[i];
        if (f.show === 'victims' && !r.victim[i] || f.show === 'entered' && r.victim[i]) return false;
        if (f.tier && texts(r, 'tier', i) !== f.tier || f.vector && texts(a, 'vector', at) !== f.vector) return false;
        return !needle || String(at + 1) === needle || a.name[at].toLowerCase().includes(needle) ||
          texts(a, 'device', at).toLowerCase().includes(needle) || texts(a, 'ip', at).toLowerCase().includes(needle);
      };
    },
    row(i) {
      const r = data.rows, a = data.accounts, at = r.account[i], robbed = r.victim[i];
      return make('tr', { 'class': at === opened ? 'chosen' : null, 'data-account': at },
        make('td', { 'class': 'num' }, String(at + 1)),
        make('th', { scope: 'row', 'class': 'id' }, make('a', { href: '#account-' + (at + 1) }, log(a.name[at]))),
        make('td', null, word('tier', texts(r, 'tier', i))),
        make('td', null, word('vector', texts(a, 'vector', at))),
        make('td', { 'class': 'when' }, when(a.at[at])),
        make('td', { 'class': 'when' }, robbed ? when(r.first[i]) : '–'),
        make('td', { 'class': 'when' }, robbed ? when(r.last[i]) : '–'),
        make('td', { 'class': 'num' }, robbed ? number(r.charges[i]) : '–'),
        make('td', { 'class': 'num' }, robbed ? money(r.net[i], texts(r, 'currency', i)) : '–'));
    },
  },
  shops: {
    filters: { text: '', size: '25' },
    count: () => data.shops.name.length,
    key: (name, i) => data.shops[name][i],
    keeps(f) {
      const needle = f.text.toLowerCase();
      return i => !needle || data.shops.name[i].toLowerCase().includes(needle);
    },
    row(i) {
      const s = data.shops, code = texts(s, 'currency', i), visits = make('ul', { 'class': 'visits' });
      const add = v => visits.append(make('li', null, stretch(v[0], v[1]) + ' ', make('span', { 'class': 'quiet' }, number(v[2]) + ' · ' + money(v[3], code))));
      s.visits[i].slice(0, 6).forEach(add);
      if (s.visits[i].length > 6) {
        const more = make('button', { type: 'button', 'class': 'plain' }, t('%s more', s.visits[i].length - 6));
        more.addEventListener('click', () => { more.parentNode.remove(); s.visits[i].slice(6).forEach(add); });
        visits.append(make('li', null, more));
      }
      return make('tr', null,
        make('th', { scope: 'row', 'class': 'id' }, log(s.name[i])),
        make('td', { 'class': 'num' }, money(s.amount[i], code)),
        make('td', { 'class': 'num' }, number(s.charges[i])),
        make('td', { 'class': 'num' }, number(s.victims[i])),
        make('td', null, visits));
    },
  },
  places: {
    filters: { text: '', size: '25' },
    count: () => data.places.value.length,
    key(name, i) {
      const p = data.places;
      if (name === 'role') return word('role', texts(p, 'role', i));
      if (name === 'kind') return word('place', texts(p, 'kind', i));
      return p[name][i];
    },
    keeps(f) {
      const p = data.places, needle = f.text.toLowerCase();
      return i => !needle || p.value[i].toLowerCase().includes(needle) || word('place', texts(p, 'kind', i)).toLowerCase().includes(needle) || word('role', texts(p, 'role', i)).toLowerCase().includes(needle);
    },
    row(i) {
      const p = data.places, num = v => make('td', { 'class': 'num' }, number(v));
      return make('tr', null, make('td', null, word('role', texts(p, 'role', i))), make('td', null, word('place', texts(p, 'kind', i))),
        make('th', { scope: 'row', 'class': 'id' }, log(p.value[i])),
        num(p.entered[i]), num(p.tried[i]), num(p.attempts[i]), num(p.failures[i]), num(p.unknown[i]),
        make('td', { 'class': 'when' }, when(p.first[i])), make('td', { 'class': 'when' }, when(p.last[i])));
    },
  },
};

// listed returns the rows of a list in their order, of which some are shown.
function listed(name) {
  const state = lists[name], kind = kinds[name];
  if (state.rows) return state.rows;
  const keeps = kind.keeps(state.filters), rows = [];
  for (let i = 0, n = kind.count(); i < n; i++) if (keeps(i)) rows.push(i);
  if (state.sort) {
    const keys = new Map(rows.map(i => [i, kind.key(state.sort, i)]));
    rows.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (x === null || y === null) return (x === null) - (y === null) || a - b; // what is unknown stands last
      return state.down * compare(x, y) || a - b;
    });
  }
  return state.rows = rows;
}

function show(name) {
  const root = $('[data-list=' + name + ']');
  if (!root || !data) return;
  const state = lists[name], rows = listed(name), size = Number(state.filters.size);
  const last = Math.max(0, Math.ceil(rows.length / size) - 1);
  state.page = Math.min(state.page, last);
  const from = state.page * size, to = Math.min(rows.length, from + size);
  $('tbody', root).replaceChildren(...rows.slice(from, to).map(kinds[name].row));
  for (const th of $$('th[data-key]', root)) {
    th.removeAttribute('aria-sort');
    if (th.dataset.key === state.sort) th.setAttribute('aria-sort', state.down < 0 ? 'descending' : 'ascending');
  }
  const pager = $('.pager', root);
  const turn = (text, by, off) => {
    const b = make('button', { type: 'button', 'class': 'plain' }, text);
    b.disabled = off;
    b.addEventListener('click', () => {
      state.page += by;
      show(name);
      const again = $$('.pager button', root)[by < 0 ? 0 : 1];
      (again.disabled ? $$('.pager button', root).find(x => !x.disabled) || again : again).focus();
    });
    return b;
  };
  pager.replaceChildren(make('span', { role: 'status' }, rows.length ? t('rows %s to %s of %s', number(from + 1), number(to), number(rows.length)) : t('no rows')), ' ',
    turn(t('back'), -1, state.page === 0), ' ', turn(t('next'), 1, state.page === last));
  pager.hidden = false;
}

// begin makes a list of the page answer.
function begin(name) {
  const root = $('[data-list=' + name + ']'), kind = kinds[name];
  if (!root) return;
  const state = lists[name] = lists[name] || { filters: { ...kind.filters }, sort: '', down: 1, page: 0, rows: null };
  if (name === 'accounts' && !data.rows.victim.includes(1)) state.filters.show = 'all';
  for (const input of $$('[data-filter]', root)) input.value = state.filters[input.dataset.filter];
  state.rows = null; // words sort differently in each language
  if (root.dataset.ready) return show(name); // its controls answer already
  root.dataset.ready = 'yes';
  for (const th of $$('th[data-key]', root)) {
    const b = make('button', { type: 'button', 'class': 'sort' }, th.textContent);
    b.addEventListener('click', () => {
      const key = th.dataset.key, numeric = th.classList.contains('num') && key !== 'number';
      if (state.sort !== key) { state.sort = key; state.down = numeric ? -1 : 1; } else state.down = -state.down;
      state.rows = null;
      state.page = 0;
      show(name);
    });
    th.replaceChildren(b);
  }
  for (const input of $$('[data-filter]', root)) {
    input.addEventListener('input', () => {
      state.filters[input.dataset.filter] = input.value.trim();
      state.rows = null;
      state.page = 0;
      show(name);
    });
  }
  $('.controls', root).hidden = false;
  const note = $('.plain-note', root);
  if (note) note.hidden = true;
  show(name);
}

// One account.

async function charges(account) {
  const n = Math.floor(account / data.piece);
  if (!pieces.has(n)) pieces.set(n, unpack('charges-' + n));
  const p = await pieces.get(n);
  let from = 0;
  const own = account % data.piece;
  for (let i = 0; i < own; i++) from += p.count[i];
  const all = [];
  for (let i = from; i < from + p.count[own]; i++) {
    all.push({
      at: p.at[i], kind: texts(p, 'kind', i), amount: p.amount[i], currency: texts(p, 'currency', i), status: texts(p, 'status', i),
      tier: texts(p, 'tier', i), store: texts(p, 'store', i), device: texts(p, 'device', i), txn: p.txn ? p.txn[i] : null,
    });
  }
  return all;
}

async function open(account, quietly) {
  const box = $('#account');
  if (!box) return;
  const list = await charges(account);
  opened = account;
  const a = data.accounts, name = a.name[account], pairs = [];
  const pair = (key, value) => pairs.push(make('div', null, make('dt', null, key), make('dd', null, value)));
  pair(t('how sure'), word('tier', texts(a, 'tier', account)));
  pair(t('way in'), word('vector', texts(a, 'vector', account)));
  if (a.group[account]) pair(t('campaign'), String(a.group[account]));
  pair(t('entered'), when(a.at[account], true));
  pair(t('from address'), log(texts(a, 'ip', account)));
  pair(t('device'), log(texts(a, 'device', account)));
  const lost = texts(a, 'lost', account);
  if (lost) pair(t('robbed'), t(lost));
  for (let i = 0; i < data.rows.account.length; i++) {
    if (data.rows.account[i] !== account || !data.rows.victim[i]) continue;
    const code = texts(data.rows, 'currency', i);
    pair(t('topped up'), money(data.rows.topup[i], code));
    pair(t('spent'), money(data.rows.spend[i], code));
    pair(t('net loss'), money(data.rows.net[i], code));
    const by = texts(data.rows, 'validation', i);
    if (by && by !== 'none') pair(t('held by'), word('validation', by));
  }
  const reasons = make('ul', null);
  for (const code of texts(a, 'reasons', account).split(';')) {
    if (code) reasons.append(make('li', null, data.said[lang].reasons[code] || code));
  }
  const parts = ['before any evidence', 'entry', 'visit', 'conduct', 'shared device', 'company'];
  const weights = make('dl', { 'class': 'weights' }, ...parts.map((p, i) => make('div', null, make('dt', null, t(p)), make('dd', null, number(a.weights[account][i])))),
    make('div', { 'class': 'total' }, make('dt', null, t('sum')), make('dd', null, number(a.score[account]))));
  const close = make('button', { type: 'button', 'class': 'plain' }, t('close'));
  close.addEventListener('click', () => { history.replaceState(null, '', '#victims'); shut(); $('#victims h2').scrollIntoView(); });
  const heading = make('h3', { id: 'account-heading' }, t('account %s', account + 1) + ' ', log(name));
  box.replaceChildren(make('div', { 'class': 'bar' }, heading, close), make('dl', { 'class': 'pairs' }, ...pairs), line(account, list),
    make('h4', null, t('what happened')), table(account, list),
    make('h4', null, t('why')), reasons, make('h4', null, t('weight of the evidence')), weights, make('p', { 'class': 'note' }, t('A hundred is odds of ten to one.')));
  box.hidden = false;
  box.setAttribute('role', 'region');
  box.setAttribute('aria-labelledby', 'account-heading');
  choose();
  if (!quietly) { box.focus({ preventScroll: true }); box.scrollIntoView(); }
}

function shut() {
  const box = $('#account');
  opened = -1;
  if (box) { box.hidden = true; box.replaceChildren(); }
  choose();
}

// choose marks the rows of the account that is shown.
function choose() {
  for (const tr of $$('tr[data-account]')) tr.className = Number(tr.dataset.account) === opened ? 'chosen' : '';
}

// table lists what happened in an account.
function table(account, list) {
  const entered = data.accounts.at[account];
  const head = ['time', 'after entry', 'what', 'amount', 'status', 'how sure', 'shop', 'device'];
  if (list.some(c => c.txn !== null)) head.push('transaction');
  const body = make('tbody', null), rows = [[entered, null], ...list.map(c => [c.at, c])].sort((x, y) => x[0] - y[0]);
  for (const [at, c] of rows) {
    const cells = [when(at, true), after(at - entered)];
    if (c) {
      cells.push(word('kind', c.kind), money(c.amount, c.currency), word('status', c.status), word('tier', c.tier), log(c.store), log(c.device));
      if (c.txn !== null) cells.push(log(c.txn));
    } else {
      cells.push(t('takeover'), '', '', word('tier', texts(data.accounts, 'tier', account)), '', log(texts(data.accounts, 'device', account)));
    }
    body.append(make('tr', { 'class': c ? c.status : 'entry' }, ...cells.map((cell, i) => make('td', { 'class': i === 0 ? 'when' : i === 1 || i === 3 ? 'num' : i > 5 ? 'id' : null }, cell))));
  }
  return make('div', { 'class': 'scroll', tabindex: '0', role: 'region', 'aria-label': t('what happened') },
    make('table', null, make('thead', null, make('tr', null, ...head.map((h, i) => make('th', { scope: 'col', 'class': i === 1 || i === 3 ? 'num' : null }, t(h))))), body));
}

// line draws the charges of an account from the takeover on.
function line(account, list) {
  if (!list.length) return make('p', null, t('No charge of this account is known.'));
  const entered = data.accounts.at[account], from = Math.min(entered, list[0].at), to = Math.max(entered, list[list.length - 1].at);
  const width = 720, height = 120, left = 8, middle = 60, span = Math.max(60, to - from);
  const x = at => (left + (at - from) / span * (width - 2 * left)).toFixed(1);
  const most = {};
  for (const c of list) most[c.currency] = Math.max(most[c.currency] || 1, Number(c.amount));
  const svg = draw('svg', { viewBox: '0 0 ' + width + ' ' + height, 'class': 'strip', role: 'img', 'aria-label': t('%s charges from %s to %s; top-ups above the line, spending below it', number(list.length), when(list[0].at), when(list[list.length - 1].at)) });
  svg.append(draw('line', { x1: left, x2: width - left, y1: middle, y2: middle, 'class': 'axis' }));
  for (const c of list) {
    const high = (3 + Number(c.amount) / most[c.currency] * 38).toFixed(1);
    const up = c.kind === 'topup' || c.kind === 'transfer_in';
    svg.append(draw('rect', { x: x(c.at) - 2, width: 4, y: up ? middle - high : middle, height: high, 'class': (up ? 'in' : 'out') + (c.status === 'approved' ? '' : ' undone') },
      draw('title', {}, when(c.at, true) + ' ' + word('kind', c.kind) + ' ' + money(c.amount, c.currency) + ' ' + word('status', c.status))));
  }
  svg.append(draw('path', { d: 'M' + x(entered) + ' ' + (middle - 7) + 'l6 7l-6 7l-6 -7z', 'class': 'entered' }, draw('title', {}, t('takeover') + ' ' + when(entered, true))));
  const text = (at, anchor, said) => draw('text', { x: at, y: height - 4, 'text-anchor': anchor }, said);
  svg.append(text(left, 'start', when(from)), text(width - left, 'end', when(to)));
  return svg;
}

// The page.

function follow() {
  const at = /^#account-(\d{1,9})$/.exec(location.hash);
  if (!at || !data) return;
  const account = Number(at[1]) - 1;
  if (account >= 0 && account < data.accounts.name.length) open(account);
}

function switchLanguage() {
  const other = $('#other'), here = $('#top');
  const there = other.content.firstElementChild;
  other.content.replaceChildren(here.parentNode.replaceChild(there, here));
  lang = there.lang;
  document.documentElement.lang = lang;
  document.title = $('.kicker').textContent;
  ready();
  if (opened >= 0) open(opened, true);
  $('[data-do=language]').focus();
}

// ready makes what stands in the page answer.
function ready() {
  const button = $('[data-do=language]');
  if (!button.dataset.ready) {
    button.dataset.ready = 'yes';
    button.hidden = false;
    button.addEventListener('click', switchLanguage);
  }
  for (const name of data ? Object.keys(kinds) : []) begin(name);
}

// Paper shows the evidence that is folded on a screen.
let folded = [];
addEventListener('beforeprint', () => {
  folded = $$('details.way:not([open])');
  for (const d of folded) d.open = true;
});
addEventListener('afterprint', () => { for (const d of folded) d.open = false; });

addEventListener('hashchange', follow);
unpack('data').then(read => { data = read; }).catch(() => {
  for (const note of $$('.plain-note')) note.textContent = t('This browser cannot unpack the data of the page: the first rows are shown.');
}).finally(() => {
  ready();
  document.documentElement.dataset.ready = String(Math.round(performance.now())); // ms since it was asked for
  follow();
});
})();
