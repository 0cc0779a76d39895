import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { assertionJson, attestationJson, creationOptions, fromBase64url, isBareAddress, requestOptions, toBase64url } from '../src/webauthn.ts';

test('base64url agrees with another implementation, and comes back', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = randomBytes(length);
    const text = bytes.toString('base64url');
    assert.equal(toBase64url(bytes), text);
    assert.equal(toBase64url(Uint8Array.from(bytes).buffer), text);
    assert.deepEqual(Buffer.from(fromBase64url(text)), bytes);
  }
});

test('what is not base64url is refused', () => {
  for (const text of ['a', 'abcde', 'ab+/', 'ab==', 'a b', 'ä']) assert.throws(() => fromBase64url(text), TypeError, text);
});

const bytes = (...values: number[]) => Uint8Array.from(values).buffer;

test('options become what a browser takes', () => {
  const request = requestOptions({
    challenge: 'AQID',
    rpId: 'ocean.example',
    timeout: 60000,
    userVerification: 'required',
    allowCredentials: [{ id: '_v8', type: 'public-key', transports: ['usb'] }],
  });
  assert.deepEqual(request, {
    challenge: Uint8Array.of(1, 2, 3),
    rpId: 'ocean.example',
    timeout: 60000,
    userVerification: 'required',
    allowCredentials: [{ id: Uint8Array.of(254, 255), type: 'public-key', transports: ['usb'] }],
  });
  assert.deepEqual(requestOptions({ challenge: 'AQID' }).allowCredentials, []);

  const creation = creationOptions({
    challenge: 'AQID',
    rp: { id: 'ocean.example', name: 'OceanRemote' },
    user: { id: 'BAU', name: 'ada@example.org', displayName: 'Ada' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    excludeCredentials: [{ id: 'Bg', type: 'public-key' }],
    authenticatorSelection: { residentKey: 'required' },
  });
  assert.deepEqual(creation.user, { id: Uint8Array.of(4, 5), name: 'ada@example.org', displayName: 'Ada' });
  assert.deepEqual(creation.excludeCredentials, [{ id: Uint8Array.of(6), type: 'public-key' }]);
  assert.deepEqual(creation.rp, { id: 'ocean.example', name: 'OceanRemote' });
  assert.deepEqual(creation.authenticatorSelection, { residentKey: 'required' });
});

function credential(response: object): PublicKeyCredential {
  return {
    id: 'AQI',
    rawId: bytes(1, 2),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    getClientExtensionResults: () => ({}),
    response,
  } as unknown as PublicKeyCredential;
}

test('what a browser gives becomes JSON', () => {
  const common = { id: 'AQI', rawId: 'AQI', type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {} };
  const assertion = { clientDataJSON: bytes(1), authenticatorData: bytes(2), signature: bytes(3), userHandle: bytes(4) };
  assert.deepEqual(assertionJson(credential(assertion)), {
    ...common,
    response: { clientDataJSON: 'AQ', authenticatorData: 'Ag', signature: 'Aw', userHandle: 'BA' },
  });
  const nameless = assertionJson(credential({ ...assertion, userHandle: null })).response as object;
  assert.ok(!('userHandle' in nameless));
  const attestation = { clientDataJSON: bytes(1), attestationObject: bytes(2), getTransports: () => ['internal'] };
  assert.deepEqual(attestationJson(credential(attestation)), {
    ...common,
    response: { clientDataJSON: 'AQ', attestationObject: 'Ag', transports: ['internal'] },
  });
  const old = attestationJson(credential({ clientDataJSON: bytes(1), attestationObject: bytes(2) })).response;
  assert.deepEqual((old as { transports: string[] }).transports, []);
});

test('a bare address is told from a name', () => {
  for (const host of ['127.0.0.1', '203.0.113.7', '[::1]', '[2001:db8::1]']) assert.ok(isBareAddress(host), host);
  for (const host of ['localhost', 'ocean.example', '7up.example', '1.2.3.4.example']) assert.ok(!isBareAddress(host), host);
});
