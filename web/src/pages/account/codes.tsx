// The recovery codes, shown this once.

import { useState } from 'preact/hooks';
import { useArrival } from '../../parts/arrival.ts';
import { Icon } from '../../parts/icon.tsx';
import { saveFile } from '../../parts/save.ts';
import { say, useStore } from '../../store.ts';

function asText(email: string, codes: string[]): string {
  const day = new Date().toISOString().slice(0, 10);
  return `OceanRemote recovery codes of ${email}\r\n${location.origin}, made ${day}. Each works once.\r\n\r\n${codes.join('\r\n')}\r\n`;
}

export function Codes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const email = useStore((state) => (typeof state.session === 'object' ? state.session.email : ''));
  const [copied, setCopied] = useState(false);
  useArrival();
  const text = asText(email, codes);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      say('Copied.');
    } catch {
      say('Copying is not allowed here. Download or print them instead.');
    }
  };
  return (
    <section class="panel codes" aria-labelledby="codes-title">
      <h2 id="codes-title" tabIndex={-1} autofocus>Keep your recovery codes</h2>
      <p>
        If your phone or passkey is lost, each of these signs you in once, together with your password. They are shown <b>only now</b>. Keep
        them where you keep what must not be lost: in a password manager, or on paper.
      </p>
      <p class="print-only">
        OceanRemote recovery codes of {email}, {location.origin}
      </p>
      <ol class="code-list">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <div class="actions no-print">
        <button type="button" onClick={() => void copy()}>
          <Icon name={copied ? 'check' : 'copy'} /> {copied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" onClick={() => saveFile(new Blob([text], { type: 'text/plain' }), 'oceanremote-recovery-codes.txt')}>
          <Icon name="download" /> Download
        </button>
        <button type="button" onClick={() => window.print()}>
          <Icon name="print" /> Print
        </button>
      </div>
      <div class="actions no-print">
        <button type="button" class="primary" onClick={onKept}>
          I have kept them
        </button>
      </div>
    </section>
  );
}
