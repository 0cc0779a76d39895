// Pages that most visits never see: their code comes when they are opened.

import type { FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { focusPage, hasMoved } from '../route.ts';

export function lazy<P extends object>(load: () => Promise<FunctionComponent<P>>): FunctionComponent<P> {
  let Ready: FunctionComponent<P> | null = null;
  return function Later(props: P) {
    const [state, setState] = useState<'waiting' | 'here' | 'failed'>(Ready ? 'here' : 'waiting');
    useEffect(() => {
      if (state !== 'waiting') return;
      load().then(
        (loaded) => {
          Ready = loaded;
          setState('here');
        },
        () => setState('failed'),
      );
    }, []);
    useEffect(() => {
      if (state === 'here' && hasMoved() && !document.getElementById('main')?.contains(document.activeElement?.closest('main > *') ?? null)) {
        focusPage();
      }
    }, [state]);
    if (Ready) return <Ready {...props} />;
    if (state === 'waiting') return <p class="starting" role="status" />;
    return (
      <div class="plain-page">
        <h1 tabIndex={-1}>This page did not load</h1>
        <p>The connection was lost, or the server has been updated since the page was opened.</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          Load it again
        </button>
      </div>
    );
  };
}
