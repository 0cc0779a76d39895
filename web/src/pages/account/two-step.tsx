// A second step besides the password: an app, passkeys, and codes for when both are lost.

import { useState } from 'preact/hooks';
import { factors as loadFactors, makeRecoveryCodes } from '../../account-api.ts';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { Icon } from '../../parts/icon.tsx';
import { LoadProblem, Section, useLoaded } from '../../parts/section.tsx';
import { enter } from '../../session.ts';
import { get } from '../../store.ts';
import type { Factors } from '../../types.ts';
import { App } from './app.tsx';
import { Codes } from './codes.tsx';
import { Passkeys } from './passkeys.tsx';

const ENOUGH = 3;

function Recovery({ left, onCodes }: { left: number; onCodes: (codes: string[]) => void }) {
  const [asking, setAsking] = useState(false);
  return (
    <Section title="Recovery codes" intro="For the day when your phone or passkey is lost. Each code signs you in once, together with your password.">
      <p class={left < ENOUGH ? 'low' : ''}>
        {left < ENOUGH && <Icon name="warning" />}{' '}
        {left === 0 ? 'None is left.' : `${left} of 10 ${left === 1 ? 'is' : 'are'} left.`} {left < ENOUGH && 'Make new ones.'}
      </p>
      <div class="actions">
        <button type="button" onClick={() => setAsking(true)}>
          Make new codes
        </button>
      </div>
      {asking && (
        <ConfirmDialog
          title="Make new recovery codes?"
          act="Make new codes"
          action={async () => onCodes(await makeRecoveryCodes())}
          onClose={() => setAsking(false)}
        >
          The codes that you have kept stop working.
        </ConfirmDialog>
      )}
    </Section>
  );
}

function summary(factors: Factors): string {
  const count = factors.passkeys.length;
  if (!factors.totp.on && count === 0) return 'Off: whoever learns your password can sign in as you.';
  const has = [factors.totp.on ? 'an authenticator app' : '', count ? `${count} ${count === 1 ? 'passkey' : 'passkeys'}` : ''];
  return `On, with ${has.filter(Boolean).join(' and ')}.`;
}

export function TwoStep() {
  const { value, error, reload } = useLoaded(loadFactors);
  const [codes, setCodes] = useState<string[] | null>(null);

  const kept = async () => {
    setCodes(null);
    await reload();
    const { session } = get();
    if (typeof session === 'object' && session.second_factor_required) await enter(); // and on to the devices
  };
  const changed = (made?: string[]) => {
    if (made?.length) setCodes(made);
    else void kept();
  };
  if (codes) return <Codes codes={codes} onKept={() => void kept()} />;
  return (
    <>
      <LoadProblem error={error} onAgain={() => void reload()} />
      {value && (
        <>
          <p class="two-step-state" data-on={value.totp.on || value.passkeys.length > 0}>
            <Icon name="shield" /> {summary(value)} {value.required && 'This server asks for it.'}
          </p>
          <App totp={value.totp} onChange={changed} />
          <Passkeys passkeys={value.passkeys} onChange={changed} />
          {(value.totp.on || value.passkeys.length > 0) && <Recovery left={value.recovery_codes_left} onCodes={setCodes} />}
        </>
      )}
    </>
  );
}
