// The events of the trail, as an owner would say them.

const WORDS: Record<string, string> = {
  'account.added': 'Account made',
  'account.removed': 'Account deleted',
  'api_key.added': 'API key made',
  'api_key.removed': 'API key deleted',
  'device.added': 'Device added',
  'device.clone_alarm': 'A device’s session was used by another board',
  'device.desired': 'Device switched or set',
  'device.registered': 'Device registered',
  'device.removed': 'Device deleted',
  'device.renamed': 'Device renamed',
  'device_session.opened': 'Device connected',
  'email.asked': 'Change of address asked for',
  'email.changed': 'Address changed',
  'factor.added': 'Second step added',
  'factor.removed': 'Second step removed',
  'factors.forgotten': 'Second steps switched off by whoever runs the server',
  'login.pending': 'Sign-in before the address was confirmed',
  'login.refused': 'Sign-in refused',
  'passkey.copied': 'A passkey seems to have been copied',
  'passkey.renamed': 'Passkey renamed',
  'password.changed': 'Password changed',
  'password.reset_asked': 'New password asked for by mail',
  'recovery_code.used': 'Recovery code used',
  'recovery_codes.made': 'New recovery codes made',
  'registration.refused': 'Registration of a device refused',
  'registration_token.renewed': 'Fresh registration token made',
  'session.confirmed': 'You proved that it is you',
  'session.ended': 'Signed out',
  'session.ended_all': 'Other browsers signed out',
  'session.not_confirmed': 'Somebody failed to prove that they are you',
  'session.opened': 'Signed in',
  'signup.asked': 'Somebody tried to register with your address',
  'signup.link_asked': 'Confirmation mail asked for again',
};

const ALARMS = ['device.clone_alarm', 'login.refused', 'passkey.copied', 'session.not_confirmed', 'registration.refused'];

export const isAlarm = (event: string) => ALARMS.includes(event);

// "passkey.added", which this page does not know yet: "Passkey added"
export function eventWords(event: string): string {
  const plain = event.replace(/[._]+/g, ' ').trim();
  return WORDS[event] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}
