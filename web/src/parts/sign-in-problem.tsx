// Why nobody is signed in, and what to do about it.

import { Problem } from '../client.ts';
import { quiet } from '../words.ts';
import { Icon } from './icon.tsx';

function Failure({ error, left }: { error: unknown; left: number }) {
  const problem = error instanceof Problem ? error : null;
  if (problem?.kind === 'credentials-refused') {
    return (
      <>
        <b>E-mail or password is wrong.</b> Forgotten? <a href="/forgot">Choose a new password</a>. No account yet?{' '}
        <a href="/register">Create one</a>.
      </>
    );
  }
  if (problem && (problem.status === 429 || problem.status === 503)) {
    const why = problem.status === 429 ? 'Too many attempts to sign in.' : 'The server is busy.';
    return (
      <>
        <b>{why}</b> {left > 0 ? `Try again in ${left} s.` : 'You can try again now.'}
      </>
    );
  }
  return <>{quiet(error)}</>;
}

export function SignInProblem({ error, left }: { error: unknown; left: number }) {
  return (
    <div role="alert">
      {error ? (
        <div class="problem">
          <Icon name="warning" />
          <span>
            <Failure error={error} left={left} />
          </span>
        </div>
      ) : null}
    </div>
  );
}
