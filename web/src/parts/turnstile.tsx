// Cloudflare's check, where whoever runs the server has switched it on. Its script comes from
// Cloudflare: a network that blocks it is told apart from a person who fails.

import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { scriptUrl } from '../scripts.ts';
import { Problem } from '../client.ts';
import { Icon } from './icon.tsx';

const PATIENCE_MS = 60_000;

interface Api {
  render(place: HTMLElement, options: Record<string, unknown>): string | undefined;
  reset(id: string): void;
  remove(id: string): void;
}

export interface Widget {
  answer(): Promise<string>; // once the person has passed
  reset(): void; // an answer is good for one request
}

let loading: Promise<Api> | null = null;

function load(): Promise<Api> {
  loading ??= new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = scriptUrl('turnstile');
    script.onload = () => {
      const api = (globalThis as { turnstile?: Api }).turnstile;
      if (api) done(api);
      else fail(new Error('no turnstile'));
    };
    script.onerror = () => {
      script.remove();
      loading = null;
      fail(new Error('not loaded'));
    };
    document.head.append(script);
  });
  return loading;
}

export function Turnstile({ siteKey, widget }: { siteKey: string; widget: RefObject<Widget | null> }) {
  const place = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);

  useEffect(() => {
    let id: string | undefined;
    let api: Api | undefined;
    let token = '';
    let tell: (token: string) => void = () => {};
    const take = (text: string) => {
      token = text;
      if (text) tell(text);
    };
    widget.current = {
      answer: () =>
        new Promise((done, fail) => {
          if (token) return done(token);
          tell = done;
          const late = new Problem('turnstile', 0, 'Finish the check above first.', '');
          if (!api) fail(late);
          setTimeout(() => fail(late), PATIENCE_MS);
        }),
      reset() {
        token = '';
        if (api && id) api.reset(id);
      },
    };
    let gone = false;
    load().then(
      (loaded) => {
        if (gone) return;
        api = loaded;
        id = api.render(place.current!, {
          sitekey: siteKey,
          size: 'flexible',
          callback: take,
          'expired-callback': () => take(''),
          'error-callback': () => {
            setFailed(true);
            return true;
          },
        });
      },
      () => setFailed(true),
    );
    return () => {
      gone = true;
      if (api && id) api.remove(id);
      widget.current = null;
    };
  }, [siteKey, tries]);

  const again = () => {
    setFailed(false);
    setTries(tries + 1);
  };
  return (
    <div class="turnstile">
      <div ref={place} />
      {failed && (
        <div class="problem" role="alert">
          <Icon name="warning" />
          <span>
            <b>The check by Cloudflare did not load.</b> A content blocker or the network may keep it away: allow{' '}
            <code>challenges.cloudflare.com</code> for this page, or try from another network.{' '}
            <button type="button" class="link-button" onClick={again}>
              Try again
            </button>
          </span>
        </div>
      )}
    </div>
  );
}
