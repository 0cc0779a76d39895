// The frame around every page, and the choice of the page.

import { useEffect, useRef } from 'preact/hooks';
import { dropNote, useStore } from './store.ts';
import { navigate, useLocation } from './route.ts';
import { signOut } from './session.ts';
import { Icon } from './parts/icon.tsx';
import { Wordmark } from './parts/wordmark.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Devices } from './pages/devices.tsx';
import { Account } from './pages/account.tsx';
import { Add } from './pages/add.tsx';
import { DevicePage } from './pages/device.tsx';
import { NotFound } from './pages/not-found.tsx';

function Page({ url }: { url: URL }) {
  if (url.pathname === '/') return <Devices />;
  if (url.pathname === '/account') return <Account />;
  if (url.pathname === '/add') return <Add key={url.search} deviceId={url.searchParams.get('device')} />;
  const device = /^\/devices\/([^/]+)$/.exec(url.pathname)?.[1];
  if (device) return <DevicePage key={device} id={decodeURIComponent(device)} />;
  return <NotFound />;
}

const LINK_WORDS = { starting: 'Connecting', live: 'Live', lost: 'Reconnecting' };

function Top() {
  const session = useStore((state) => state.session);
  const link = useStore((state) => state.link);
  const email = typeof session === 'object' ? session.email : null;
  return (
    <header class="top">
      <a class="top-home" href="/" aria-label="OceanRemote, all devices">
        <Wordmark />
      </a>
      {email && (
        <div class="top-side">
          <span class={`link link-${link}`} title={link === 'live' ? 'Changes appear here at once' : 'No live connection'}>
            <i aria-hidden="true" />
            <span class="roomy">{LINK_WORDS[link]}</span>
          </span>
          <a class="top-account" href="/account" title={email}>
            <Icon name="person" /> <span class="top-email">{email}</span>
            <span class="unseen">, account</span>
          </a>
          <button class="quiet" type="button" onClick={() => void signOut()}>
            <Icon name="sign-out" /> <span class="roomy">Sign out</span>
          </button>
        </div>
      )}
    </header>
  );
}

// Says it only when it lasts, and never moves what is being read.
function Banner() {
  const lost = useStore((state) => state.link === 'lost' && typeof state.session === 'object');
  return (
    <div class="banner" role="status" data-shown={lost}>
      {lost && (
        <p>
          <Icon name="waiting" /> Reconnecting to the server… What you see may be out of date.
        </p>
      )}
    </div>
  );
}

function Notes() {
  const notes = useStore((state) => state.notes);
  return (
    <div class="notes" role="alert">
      {notes.map((note) => (
        <p class={`note note-${note.kind}`} key={note.id}>
          <Icon name={note.kind === 'error' ? 'warning' : 'check'} />
          <span>{note.text}</span>
          <button class="quiet icon-only" type="button" aria-label="Dismiss" onClick={() => dropNote(note.id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}

function Said() {
  const said = useStore((state) => state.said);
  return (
    <p class="unseen" aria-live="polite">
      {said}
    </p>
  );
}

export function App() {
  const url = useLocation();
  const session = useStore((state) => state.session);
  const main = useRef<HTMLElement>(null);
  const signedIn = typeof session === 'object';
  const shown = `${signedIn} ${url.pathname}`;
  const first = useRef(shown);

  useEffect(() => {
    if (signedIn && url.pathname === '/sign-in') navigate('/', 'replace');
    if (session === 'out' && url.pathname !== '/sign-in' && first.current !== shown) navigate('/sign-in', 'replace');
  }, [session]);

  useEffect(() => {
    if (first.current === shown) return; // the browser has put the focus where it belongs
    first.current = shown;
    (main.current?.querySelector<HTMLElement>('[autofocus]') ?? main.current?.querySelector('h1'))?.focus();
  }, [shown]);

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top />
      <Banner />
      <main id="main" ref={main} tabIndex={-1}>
        {session === 'unknown' ? <Starting /> : signedIn ? <Page url={url} /> : <SignIn ended={session === 'ended'} />}
      </main>
      <Notes />
      <Said />
    </>
  );
}

function Starting() {
  const lost = useStore((state) => state.link === 'lost');
  return <p class="starting">{lost ? 'The server cannot be reached. Trying again…' : ''}</p>;
}
