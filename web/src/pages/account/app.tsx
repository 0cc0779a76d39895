// An authenticator app: scan the picture or type the key, then show that it works.

import { useState } from 'preact/hooks';
import { confirmTotp, removeTotp, setUpTotp } from '../../account-api.ts';
import { dateTime } from '../../format.ts';
import { text, useAction } from '../../parts/action.ts';
import { BusyButton } from '../../parts/busy-button.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { CopyLine } from '../../parts/copy.tsx';
import { CodeField } from '../../parts/field.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ProblemText, useCountdown } from '../../parts/problem.tsx';
import { Section } from '../../parts/section.tsx';
import type { Factors, TotpSetup } from '../../types.ts';
import { fieldProblem, otherProblem } from '../../words.ts';

const QUIET = 4; // modules of white that a scanner needs around it

// Black on white in both schemes: scanners do not read the other way round.
function Qr({ size, path }: TotpSetup['qr']) {
  const side = size + 2 * QUIET;
  return (
    <svg class="qr" viewBox={`${-QUIET} ${-QUIET} ${side} ${side}`} role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges">
      <rect x={-QUIET} y={-QUIET} width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

const inFours = (key: string) => key.replace(/(.{4})(?=.)/g, '$1 ');

function SetUp({ setup, onDone, onCancel }: { setup: TotpSetup; onDone: (codes: string[]) => void; onCancel: () => void }) {
  const { busy, error, submit } = useAction(async (values) => onDone(await confirmTotp(text(values, 'code').replace(/\s/g, ''))));
  const left = useCountdown(error);
  return (
    <ol class="steps">
      <li>
        <h3>Let the app see this</h3>
        <p class="fine">Any authenticator app will do: Aegis, FreeOTP, Google Authenticator, a password manager.</p>
        <Qr {...setup.qr} />
        <details>
          <summary>It cannot be scanned?</summary>
          <p class="fine">Type or paste this key into the app, “time based”, six digits:</p>
          <CopyLine text={inFours(setup.secret)} copies={setup.secret} label="Key for your authenticator app" />
          <p class="fine">
            On the device that has the app: <a href={setup.uri}>open it there</a>.
          </p>
        </details>
      </li>
      <li>
        <h3>Type the code that it shows</h3>
        <form onSubmit={submit}>
          <CodeField problem={fieldProblem(error, 'code')} />
          <div role="alert">
            <ProblemText error={otherProblem(error, 'code')} />
          </div>
          <div class="actions">
            <BusyButton busy={busy} doing="Checking…" wait={left} class="primary">
              Switch it on
            </BusyButton>
            <button type="button" class="quiet" onClick={onCancel}>
              Cancel
            </button>
          </div>
        </form>
      </li>
    </ol>
  );
}

interface Props {
  totp: Factors['totp'];
  onChange: (codes?: string[]) => void;
}

export function App({ totp, onChange }: Props) {
  const [setup, setSetup] = useState<TotpSetup | null>(null);
  const [removing, setRemoving] = useState(false);
  const begin = useAction(async () => setSetup(await setUpTotp()));
  return (
    <Section title="Authenticator app" intro="An app on your phone shows a new code every 30 seconds. It needs no network.">
      {totp.on && (
        <>
          <p class="done-line">
            <Icon name="check" /> On{totp.since && ` since ${dateTime(Date.parse(totp.since))}`}
          </p>
          <div class="actions">
            <button type="button" class="danger-quiet" onClick={() => setRemoving(true)}>
              Switch it off
            </button>
          </div>
        </>
      )}
      {!totp.on && !setup && (
        <div class="actions">
          <button type="button" class="primary" aria-disabled={begin.busy} onClick={begin.submit}>
            Set it up
          </button>
        </div>
      )}
      {!totp.on && setup && <SetUp setup={setup} onDone={onChange} onCancel={() => setSetup(null)} />}
      <ProblemText error={begin.error} />
      {removing && (
        <ConfirmDialog
          title="Switch the app off?"
          act="Switch it off"
          keep="Keep it"
          action={removeTotp}
          onClose={() => {
            setRemoving(false);
            setSetup(null);
            onChange();
          }}
        >
          Its codes will no longer be asked for, and no longer work.
        </ConfirmDialog>
      )}
    </Section>
  );
}
