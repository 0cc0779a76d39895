// Which page: the path of the address bar, changed without loading anything.

import { useEffect, useReducer } from 'preact/hooks';

const listeners = new Set<() => void>();
let moved = false;

// Has the page been changed since it was loaded? Then the focus is ours to place.
export const hasMoved = () => moved;

function changed(): void {
  moved = true;
  for (const listener of [...listeners]) listener();
}

window.addEventListener('popstate', changed);

// This document has a policy of its own when the server uses Turnstile: it is always loaded anew,
// and left for good.
const isApart = (path: string) => path === '/register';

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search) return;
  if (isApart(new URL(to, location.href).pathname) || isApart(location.pathname)) {
    location[how === 'push' ? 'assign' : 'replace'](to);
    return;
  }
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', to);
  if (how === 'push') window.scrollTo(0, 0);
  changed();
}

export function useLocation(): URL {
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const listener = () => redraw(undefined);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return new URL(location.href);
}

// Where reading goes on after a change of page.
export function focusPage(): void {
  const main = document.getElementById('main');
  (main?.querySelector<HTMLElement>('[autofocus]') ?? main?.querySelector('h1'))?.focus();
}

export const devicePath = (id: string) => `/devices/${encodeURIComponent(id)}`;

// One listener for all links: plain clicks on our own pages stay in this page.
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null;
  if (!link || link.origin !== location.origin || link.hasAttribute('download') || link.target) return;
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  navigate(link.pathname + link.search);
});
