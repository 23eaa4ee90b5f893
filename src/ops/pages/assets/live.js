/**
 * Keeps the open page up to date: puts the parts that the server sends in place of those that are there. The page is whole
 * without it. Nothing is asked for while nobody looks at the page.
 */
const state = document.querySelector('[data-live]');

function show(which) {
  state.textContent = state.dataset[which];
  state.dataset.state = which;
}

function replace(name, text) {
  const part = document.querySelector(`[data-part="${name}"]`);
  if (part === null || part.innerHTML === text) return;
  const focused = part.contains(document.activeElement) ? document.activeElement : undefined;
  const scrolled = [...part.querySelectorAll('.scroll')].map((box) => box.scrollLeft);
  part.innerHTML = text;
  for (const [index, box] of part.querySelectorAll('.scroll').entries())
    box.scrollLeft = scrolled[index] ?? 0;
  if (focused === undefined) return;
  // Whoever goes through the page by keyboard stays where they are.
  const again = focused.id ? document.getElementById(focused.id) : null;
  (again ?? part.querySelector('.scroll'))?.focus({ preventScroll: true });
}

let source;

function open() {
  if (source !== undefined) return;
  show('waiting');
  source = new EventSource(`/api/events${location.search}`);
  source.onopen = () => show('on');
  source.onmessage = ({ data }) => {
    for (const [name, text] of Object.entries(JSON.parse(data))) replace(name, text);
  };
  // It tries again by itself unless it was refused.
  source.onerror = () => show(source.readyState === EventSource.CLOSED ? 'off' : 'waiting');
}

function close() {
  source?.close();
  source = undefined;
}

document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()));
// A page that was left and is come back to has lost its connection.
window.addEventListener('pagehide', close);
window.addEventListener('pageshow', () => document.hidden || open());
