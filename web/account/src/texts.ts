// What the server's messages say to who writes a client, these say to who uses one.
const texts: Record<string, string> = {
  'auth/unconfirmed': 'Confirm your email address first.',
  'auth/bad_ticket': 'This code or link is wrong, was used before, or has expired. Ask for a new one.',
  'auth/bad_proof': 'Enter the 6 digits of the code.',
  'auth/challenge_ended': 'That took too long, or too many codes were wrong. Sign in again.',
  'auth/reauthenticate': 'Show once more who you are.',
  'auth/email_taken': 'There is an account with this address. Sign in instead.',
  'auth/method_off': 'This way of signing in is turned off.',
  'factor/options_ended': 'That took too long. Try again.',
  'factor/passkey_refused': 'This passkey is not known here, or belongs to another account.',
  'tenant/unverified_address': 'Confirm your email address first, then accept the invitation.',
  'access/sign_in': 'You are signed out. Sign in again.',
}

// say is the text for a problem.
export function say(code: string, detail: string, retryAfter: string | null): string {
  const text = texts[code] ?? detail.charAt(0).toUpperCase() + detail.slice(1) + (/[.!?]$/.test(detail) ? '' : '.')
  const seconds = Number(retryAfter)
  if (!retryAfter || !(seconds > 0)) return text
  return `Too many tries. Try again in ${seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`}.`
}
