// The frame around every page, and the choice of the page.

import { useEffect, useRef } from 'preact/hooks';
import './mail-link.ts'; // before anything else looks at the address
import { dropNote, useStore } from './store.ts';
import { focusPage, navigate, useLocation } from './route.ts';
import { signOut } from './session.ts';
import { Icon } from './parts/icon.tsx';
import { lazy } from './parts/lazy.tsx';
import { Wordmark } from './parts/wordmark.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { Devices } from './pages/devices.tsx';
import { Add } from './pages/add.tsx';
import { DevicePage } from './pages/device.tsx';
import { NotFound } from './pages/not-found.tsx';

// Most visits need neither of these: each is a file of its own.
const account = () => import('./pages/account/account.tsx');
const Account = lazy(async () => (await account()).Account);
const Enforced = lazy(async () => (await account()).Enforced);
const ProveIt = lazy(async () => (await account()).ProveIt);
const Entry = lazy(async () => (await import('./pages/entry.tsx')).Entry);

// Open to everybody, signed in or not.
const OPEN = ['/register', '/confirm', '/confirm-email', '/forgot', '/reset'];

function Page({ url }: { url: URL }) {
  if (url.pathname === '/') return <Devices />;
  if (/^\/account(\/|$)/.test(url.pathname)) return <Account path={url.pathname} />;
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
  const waits = typeof session === 'object' && session.second_factor_required; // for a second factor
  return (
    <header class="top">
      <a class="top-home" href="/" aria-label="OceanRemote, all devices">
        <Wordmark />
      </a>
      {email && (
        <div class="top-side">
          {!waits && (
            <span class={`link link-${link}`} title={link === 'live' ? 'Changes appear here at once' : 'No live connection'}>
              <i aria-hidden="true" />
              <span class="roomy">{LINK_WORDS[link]}</span>
            </span>
          )}
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
  const signedIn = typeof session === 'object';
  const isOpen = OPEN.includes(url.pathname);
  const proving = useStore((state) => state.proving !== null);
  const shown = `${signedIn} ${url.pathname}`;
  const first = useRef(shown);

  useEffect(() => {
    if (signedIn && url.pathname === '/sign-in') navigate('/', 'replace');
    if (session === 'out' && !isOpen && url.pathname !== '/sign-in' && first.current !== shown) navigate('/sign-in', 'replace');
  }, [session]);

  useEffect(() => {
    if (first.current === shown) return; // the browser has put the focus where it belongs
    first.current = shown;
    focusPage();
  }, [shown]);

  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Top />
      <Banner />
      <main id="main" tabIndex={-1}>
        {isOpen ? <Entry path={url.pathname} /> : <House url={url} />}
      </main>
      {proving && <ProveIt />}
      <Notes />
      <Said />
    </>
  );
}

function House({ url }: { url: URL }) {
  const session = useStore((state) => state.session);
  if (session === 'unknown') return <Starting />;
  if (typeof session === 'string') return <SignIn ended={session === 'ended'} />;
  return session.second_factor_required ? <Enforced /> : <Page url={url} />;
}

function Starting() {
  const lost = useStore((state) => state.link === 'lost');
  return <p class="starting">{lost ? 'The server cannot be reached. Trying again…' : ''}</p>;
}
