// Which view is shown, by the address; keys; settings.

let scrolled = 0;
let opened = null;

const indexOf = new Map(DATA.tasks.map((task, index) => [task.id, index]));

function openTask(index, instead = false) {
  const address = `#/task/${encodeURIComponent(DATA.tasks[index].id)}`;
  // Going through tasks shall not fill the way back.
  if (instead) { history.replaceState(null, '', address); route(); } else location.hash = address;
}

function closeTask() { location.hash = '#/'; }

function route() {
  const match = /^#\/task\/(.+)$/.exec(location.hash);
  let index;
  try { index = match ? indexOf.get(decodeURIComponent(match[1])) : undefined; } catch { index = undefined; }
  hideTip();
  if (index === undefined) showOverview();
  else showTask(index);
}

function showTask(index) {
  const before = current;
  if (before === null) scrolled = scrollY;
  drawTask(index);
  opened = index;
  $('overview').hidden = true;
  $('task').hidden = false;
  scrollTo(0, 0);
  if (before === null) $('task').querySelector('h1').focus({ preventScroll: true });
}

function showOverview() {
  const wasTask = current !== null;
  current = null;
  document.title = DATA.title;
  $('task').hidden = true;
  $('overview').hidden = false;
  if (wasTask) {
    $('task').replaceChildren();
    scrollTo(0, scrolled);
    const link = tiles[opened];
    if (link && link.isConnected) link.focus({ preventScroll: true });
    if (link && link.isConnected && !inSight(link)) link.scrollIntoView({ block: 'center' });
  }
}

function inSight(element) {
  const box = element.getBoundingClientRect();
  return box.top >= -1 && box.bottom <= innerHeight + 1;
}

// Arrows among the tiles, as they lie on the screen.
function moveFocus(key) {
  const links = shown.map((index) => tiles[index]);
  const at = links.indexOf(document.activeElement);
  const across = key === 'ArrowLeft' || key === 'ArrowRight';
  if (at < 0) {
    if (!across || !links.length) return false;
    links[0].focus();
    return true;
  }
  const columns = links.filter((link) => link.offsetTop === links[0].offsetTop).length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  const target = links[at + step];
  if (target) target.focus();
  return Boolean(target);
}

function stepTask(by) {
  const target = shown[shown.indexOf(current) + by];
  if (target !== undefined) openTask(target, true);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if ($('keys').open) return;
  const writing = event.target.matches('input[type=search], select');
  if (event.key === 'Escape') {
    if (current !== null) closeTask();
    else if (event.target.id === 'search' || filter.text) { filter.text = ''; applyFilter(); $('search').blur(); }
    return;
  }
  if (writing) return;
  const act = {
    '/': () => { if (current !== null) closeTask(); setTimeout(() => { $('search').focus(); $('search').select(); }, 0); },
    '?': () => $('keys').showModal(),
    t: nextTheme,
    c: toggleColours,
    m: toggleMarks,
    ArrowLeft: () => (current !== null ? stepTask(-1) : moveFocus('ArrowLeft')),
    ArrowRight: () => (current !== null ? stepTask(1) : moveFocus('ArrowRight')),
    ArrowUp: () => current === null && moveFocus('ArrowUp'),
    ArrowDown: () => current === null && moveFocus('ArrowDown'),
  }[event.key];
  if (act && act() !== false) event.preventDefault();
}

const THEMES = { auto: 'System', light: 'Light', dark: 'Dark' };

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  $('theme').lastElementChild.textContent = THEMES[name];
  $('theme').setAttribute('aria-label', `Theme: ${THEMES[name]}`);
  memory.set('theme', name);
}

function nextTheme() {
  const names = Object.keys(THEMES);
  setTheme(names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length]);
}

function toggleColours() {
  settings.safe = !settings.safe;
  memory.set('colours', settings.safe ? 'safe' : 'usual');
  $('colours').setAttribute('aria-pressed', String(settings.safe));
  if (current !== null) drawTask(current);
  watchTiles();
}

function start() {
  document.querySelector('.brand-name').textContent = DATA.title;
  document.querySelector('.foot').textContent = `Written by ${DATA.generator}. This page is one file and asks no network for anything.`;
  const remembered = memory.get('theme');
  setTheme(remembered in THEMES ? remembered : 'auto');
  $('theme').addEventListener('click', nextTheme);
  $('colours').setAttribute('aria-pressed', String(settings.safe));
  $('colours').addEventListener('click', toggleColours);
  $('help').addEventListener('click', () => $('keys').showModal());
  drawOverview();
  addEventListener('hashchange', route);
  addEventListener('keydown', pressed);
  // Paper has no scrolling: everything is drawn that would be drawn later.
  addEventListener('beforeprint', drawForPaper);
  route();
}

start();
