// What every part of the page uses: its data, elements, numbers, colours. Data becomes text nodes, never markup.

const DATA = JSON.parse(document.getElementById('content').textContent);
const GROUPS = Object.fromEntries(DATA.groups.map((group) => [group.key, group]));
const COMPARED = DATA.kind === 'comparison';

const $ = (id) => document.getElementById(id);

function put(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === 'css') for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

const h = (tag, attributes, ...children) => put(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) =>
  put(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;
const many = (n, one, more) => `${n.toLocaleString('en')} ${n === 1 ? one : more || `${one}s`}`;

function duration(seconds) {
  if (seconds < 1) return seconds === 0 ? '0s' : `${Math.round(1000 * seconds)}ms`;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600), minutes = Math.floor((whole % 3600) / 60), rest = whole % 60;
  return hours ? `${hours}h${String(minutes).padStart(2, '0')}m` : `${minutes}m${String(rest).padStart(2, '0')}s`;
}

// Who proposed what keeps its colour all over the page. The last name is the fall-back: nobody's.
const FALLBACK = DATA.proposers.length - 1;
const proposerTone = (index) => (index === FALLBACK ? 'var(--by-none)' : `var(--by-${index % 5})`);
const proposerTag = (index) =>
  h('span', { class: 'by' }, h('i', { css: { background: proposerTone(index) } }), DATA.proposers[index]);
const groupMark = (group) => h('b', { class: `mark tone-${group.tone}`, 'aria-hidden': 'true' }, group.mark);

// What is chosen here is remembered where the browser allows it; a page from disk may be refused.
const memory = {
  get(key) {
    try { return localStorage.getItem(`arc-report-${key}`); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(`arc-report-${key}`, value); } catch { /* then it is not remembered */ }
  },
};

const settings = { safe: memory.get('colours') === 'safe', marks: true };

const tip = $('tip');
function showTip(text, x, y) {
  tip.textContent = text;
  tip.hidden = false;
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(x + 12, room))}px`;
  tip.style.top = `${y + tip.offsetHeight + 24 > innerHeight ? y - tip.offsetHeight - 12 : y + 16}px`;
}
const hideTip = () => { tip.hidden = true; };
