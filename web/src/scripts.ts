// The only scripts that are ever started from code, by address. The page's policy (Trusted Types)
// refuses any address that doesn't come from here.

declare const WORK_WORKER: string; // build.mjs writes the names of the files
declare const STRENGTH_WORKER: string;

export const TURNSTILE = 'https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit';

const known = { work: WORK_WORKER, strength: STRENGTH_WORKER, turnstile: TURNSTILE };

interface Policy {
  createScriptURL(text: string): string;
}

interface TrustedTypes {
  createPolicy(name: string, rules: Policy): Policy;
}

const rules: Policy = {
  createScriptURL(text) {
    if (!Object.values(known).includes(text)) throw new TypeError(`not a script of ours: ${text}`);
    return text;
  },
};

const policy = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy('oceanremote', rules) ?? rules;

export const scriptUrl = (name: keyof typeof known): string => policy.createScriptURL(known[name]);

export const startWorker = (name: 'work' | 'strength') => new Worker(scriptUrl(name), { name });
