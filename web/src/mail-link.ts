// The secret of a link in a mail stands behind its #. It is taken out of the address bar the moment
// the page starts, so that neither history nor a look over the shoulder keeps it.

const PAGES = ['/confirm', '/confirm-email', '/reset'];

let secret = '';
let arrived: () => void = () => {};

function take(): void {
  if (!PAGES.includes(location.pathname) || location.hash.length < 2) return;
  secret = location.hash.slice(1);
  history.replaceState(null, '', location.pathname + location.search);
  arrived();
}

take();
window.addEventListener('hashchange', take); // another link, opened in the same tab

export const linkSecret = () => secret;

export function forgetSecret(): void {
  secret = '';
}

export function onSecret(call: () => void): () => void {
  arrived = call;
  return () => void (arrived = () => {});
}
