// The events of the trail, as an owner would say them.

const WORDS: Record<string, string> = {
  'account.added': 'Account made',
  'account.confirmed': 'Address confirmed',
  'account.registered': 'Account made',
  'account.removed': 'Account deleted',
  'account.exported': 'Data exported',
  'account.email_asked': 'Change of address asked for',
  'account.email_changed': 'Address changed',
  'account.password_changed': 'Password changed',
  'account.password_reset': 'Password reset by mail',
  'account.reset_asked': 'Password reset asked for',
  'api_key.added': 'API key made',
  'api_key.removed': 'API key deleted',
  'device.added': 'Device added',
  'device.clone_alarm': 'A device’s session was used by another board',
  'device.desired': 'Device switched or set',
  'device.registered': 'Device registered',
  'device.removed': 'Device deleted',
  'device.renamed': 'Device renamed',
  'device_session.opened': 'Device connected',
  'login.refused': 'Sign-in refused',
  'registration.refused': 'Registration of a device refused',
  'registration_token.renewed': 'Fresh registration token made',
  'session.confirmed': 'Identity confirmed',
  'session.not_confirmed': 'Identity not confirmed: wrong password or code',
  'session.ended': 'Signed out',
  'session.ended_all': 'All other browsers signed out',
  'session.opened': 'Signed in',
};

const ALARMS = ['device.clone_alarm', 'login.refused', 'session.not_confirmed', 'registration.refused'];

export const isAlarm = (event: string) => ALARMS.includes(event);

// "passkey.added", which this page does not know yet: "Passkey added"
export function eventWords(event: string): string {
  const plain = event.replace(/[._]+/g, ' ').trim();
  return WORDS[event] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}
