// One line to copy, and the button that copies it.

import { useRef, useState } from 'preact/hooks';
import { say } from '../store.ts';
import { Icon } from './icon.tsx';

interface Props {
  text: string;
  label: string;
  copies?: string; // when what is copied isn't quite what is shown
}

export function CopyLine({ text, label, copies = text }: Props) {
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(copies);
      setCopied(true);
      say('Copied.');
      setTimeout(() => setCopied(false), 2500);
    } catch {
      getSelection()?.selectAllChildren(code.current!); // not allowed: then Ctrl+C is one key away
      say('Copying is not allowed here. The line is selected: press Control and C.');
    }
  };
  return (
    <div class="copy-line">
      <pre tabIndex={0} aria-label={label} role="group">
        <code ref={code}>{text}</code>
      </pre>
      <button type="button" onClick={() => void copy()}>
        <Icon name={copied ? 'check' : 'copy'} /> {copied ? 'Copied' : 'Copy'}
      </button>
    </div>
  );
}
