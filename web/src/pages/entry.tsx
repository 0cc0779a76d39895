// The pages that nobody needs to be signed in for, but for signing in itself.

import { Resend } from '../parts/resend.tsx';
import { Confirm } from './confirm.tsx';
import { Forgot } from './forgot.tsx';
import { Register } from './register.tsx';
import { Reset } from './reset.tsx';

export function Entry({ path }: { path: string }) {
  if (path === '/register') return <Register />;
  if (path === '/confirm') return <Confirm isChange={false} />;
  if (path === '/confirm-email') return <Confirm isChange />;
  if (path === '/forgot') return <Forgot />;
  return <Reset />;
}

// For the sign-in page, which needs no proof of work of its own.
export function ResendNow({ email }: { email: string }) {
  return <Resend email={email} at={0} />;
}
