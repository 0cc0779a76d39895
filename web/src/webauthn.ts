// Passkeys: the browser speaks in ArrayBuffers, the API in JSON with base64url (WebAuthn level 3,
// section 5.1: the JSON forms, which older browsers cannot make themselves).

import type { Json } from './types.ts';

export function toBase64url(bytes: ArrayBuffer | Uint8Array): string {
  let text = '';
  for (const byte of bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) throw new TypeError('not base64url');
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

// --- from the API to the browser ----------------------------------------------------------------

interface Descriptor {
  id: string;
  type: 'public-key';
  transports?: AuthenticatorTransport[];
}

const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list as Descriptor[] | undefined) ?? []).map((one) => ({ ...one, id: fromBase64url(one.id) }));

export function requestOptions(options: Json): PublicKeyCredentialRequestOptions {
  const { challenge, allowCredentials, ...others } = options;
  return {
    ...(others as Partial<PublicKeyCredentialRequestOptions>),
    challenge: fromBase64url(challenge as string),
    allowCredentials: descriptors(allowCredentials),
  };
}

export function creationOptions(options: Json): PublicKeyCredentialCreationOptions {
  const { challenge, user, excludeCredentials, ...others } = options;
  const { id, ...name } = user as { id: string; name: string; displayName: string };
  return {
    ...(others as unknown as Pick<PublicKeyCredentialCreationOptions, 'rp' | 'pubKeyCredParams'>),
    challenge: fromBase64url(challenge as string),
    user: { ...name, id: fromBase64url(id) },
    excludeCredentials: descriptors(excludeCredentials),
  };
}

// --- from the browser to the API ----------------------------------------------------------------

function credentialJson(credential: PublicKeyCredential, response: Json): Json {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    ...(credential.authenticatorAttachment ? { authenticatorAttachment: credential.authenticatorAttachment } : {}),
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

export function assertionJson(credential: PublicKeyCredential): Json {
  const answer = credential.response as AuthenticatorAssertionResponse;
  return credentialJson(credential, {
    clientDataJSON: toBase64url(answer.clientDataJSON),
    authenticatorData: toBase64url(answer.authenticatorData),
    signature: toBase64url(answer.signature),
    ...(answer.userHandle ? { userHandle: toBase64url(answer.userHandle) } : {}),
  });
}

export function attestationJson(credential: PublicKeyCredential): Json {
  const answer = credential.response as AuthenticatorAttestationResponse;
  return credentialJson(credential, {
    clientDataJSON: toBase64url(answer.clientDataJSON),
    attestationObject: toBase64url(answer.attestationObject),
    transports: answer.getTransports?.() ?? [],
  });
}

// --- asking -------------------------------------------------------------------------------------

// A passkey belongs to a name: browsers make none for a bare address.
export const isBareAddress = (host: string) => /^[\d.]+$/.test(host) || host.startsWith('[');

export const passkeysPossible = () => typeof PublicKeyCredential === 'function' && !isBareAddress(location.hostname);

export async function canAutofill(): Promise<boolean> {
  try {
    return passkeysPossible() && (await PublicKeyCredential.isConditionalMediationAvailable?.()) === true;
  } catch {
    return false;
  }
}

// When it wasn't to be, and why, in words.
export class PasskeyProblem extends Error {}

const REASONS: Record<string, string> = {
  NotAllowedError: 'No passkey was used: it was cancelled, or took too long. Try again when you are ready.',
  InvalidStateError: 'This device already has a passkey for your account.',
  NotSupportedError: 'This device cannot make the kind of passkey that is needed. Try another one, or a security key.',
  SecurityError: 'Passkeys do not work at this address: open the dashboard by the name that its links in mails use.',
  ConstraintError: 'This device has no screen lock or PIN, which a passkey needs. Set one up, then try again.',
};

function inWords(error: unknown): Error {
  const name = error instanceof Error ? error.name : '';
  return new PasskeyProblem(REASONS[name] ?? `The browser could not use a passkey${name ? ` (${name})` : ''}. Try another way.`);
}

function checkPossible(): void {
  if (isBareAddress(location.hostname)) {
    throw new PasskeyProblem('Passkeys need a name, and this address is only a number. Open the dashboard by its name.');
  }
  if (!passkeysPossible()) throw new PasskeyProblem('This browser knows no passkeys. Use a newer one, or another way to sign in.');
}

export async function usePasskey(options: Json, more: Partial<CredentialRequestOptions> = {}): Promise<Json> {
  checkPossible();
  try {
    const credential = await navigator.credentials.get({ ...more, publicKey: requestOptions(options) });
    return assertionJson(credential as PublicKeyCredential);
  } catch (error) {
    throw more.signal?.aborted ? error : inWords(error);
  }
}

export async function makePasskey(options: Json): Promise<Json> {
  checkPossible();
  try {
    const credential = await navigator.credentials.create({ publicKey: creationOptions(options) });
    return attestationJson(credential as PublicKeyCredential);
  } catch (error) {
    throw inWords(error);
  }
}
