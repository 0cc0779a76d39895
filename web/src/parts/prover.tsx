// A form's proof of work, as its page sees it.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { FormPurpose } from '../account-api.ts';
import { Prover } from '../prover.ts';
import type { RegistrationForm } from '../types.ts';

export function useProver(purpose: FormPurpose): Prover {
  const prover = useMemo(() => new Prover(purpose), []);
  useEffect(() => () => prover.stop(), []);
  return prover;
}

// What the server says about registering: asked when the page opens.
export function useRegistrationForm(prover: Prover): { form: RegistrationForm | null; error: unknown } {
  const [answer, setAnswer] = useState<{ form: RegistrationForm | null; error: unknown }>({ form: null, error: null });
  useEffect(() => {
    prover.form().then(
      (form) => setAnswer({ form, error: null }),
      (error) => setAnswer({ form: null, error }),
    );
  }, []);
  return answer;
}

export function Checking({ busy }: { busy: boolean }) {
  return (
    <p class="fine checking" role="status">
      {busy && 'Checking that you are a person, a moment…'}
    </p>
  );
}
