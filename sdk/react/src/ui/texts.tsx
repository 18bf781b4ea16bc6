import { createContext, useContext, type ReactNode } from 'react'

/** All that the components say. `{name}` stands for what is put in; those named by a code stand for the server's own words. */
export const english = {
  email: 'Email',
  password: 'Password',
  newPassword: 'New password',
  name: 'Name',
  optional: '(optional)',
  code: 'Code',
  role: 'Role',
  show: 'Show',
  hide: 'Hide',
  showPassword: 'Show the password',
  or: 'or',
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  continue: 'Continue',
  more: 'Show more',
  loading: 'Loading…',
  passwordHint: 'At least {min} characters.',
  jsonHint: 'As JSON.',
  linesHint: 'One on each line.',
  choose: 'Choose…',
  missing: 'Fill in: {label}.',
  badJson: 'This is no JSON: texts and names stand in "…".',
  retry: 'Too many tries. Try again in {wait}.',

  signIn: 'Sign in',
  signInTo: 'Sign in to {app}',
  signInPasskey: 'Sign in with a passkey',
  signInCode: 'Email me a code',
  signInLink: 'Email me a link',
  signInProvider: 'Continue with {provider}',
  signInCompany: 'Sign in with your company',
  companyHelp: 'Where your company has connected its own sign-in, your work address leads to it.',
  workEmail: 'Work email',
  noCompany: 'No company has connected a sign-in for this address. Sign in another way.',
  forgot: 'Forgot your password?',
  newHere: 'New here?',
  createAccount: 'Create an account',
  haveAccount: 'Have an account?',
  byInvitation: 'Accounts are by invitation',
  byInvitationHelp: 'Ask a member to invite you, then follow the link of the mail.',
  noWays: 'Sign in with your address: your account is made by that.',
  followed: 'You followed the link of a mail.',
  changed: 'Your address is {email} now. Sign in with it.',
  changeLeft: 'One step is left: follow the link that was mailed to your {which} address.',
  old: 'old',
  new: 'new',

  checkMail: 'Check your mail',
  signInMailed: 'If {email} can sign in here, a mail is on its way to it.',
  mailed: 'A mail is on its way to {email}.',
  resetMailed: 'If {email} has an account, a mail is on its way to it.',
  enterCode: 'Enter its code.',
  followLink: 'Follow its link.',
  enterOrFollow: 'Enter its code, or follow its link.',
  nothingCame: 'Nothing came? Look into the junk folder.',
  again: 'Send it again',
  sentAgain: 'Sent. The one before is void.',
  confirm: 'Confirm',
  confirmTitle: 'Confirm your address',
  resetTitle: 'Reset your password',
  resetHelp: 'We mail you a code to choose a new one with.',
  resetSend: 'Send the mail',
  resetDo: 'Set the password',

  codeTitle: 'Enter a code',
  codeHelp: 'Open your authenticator app, and enter the code that it shows for this account.',
  useApp: 'Use your authenticator app',
  recoveryTitle: 'Enter a recovery code',
  recoveryHelp: 'Enter one of the codes that you kept when you set up your authenticator app. It works once.',
  recoveryCode: 'Recovery code',
  useRecovery: 'Use a recovery code',
  passkeyTitle: 'Use your passkey',
  passkeyHelp: 'Your device asks for your fingerprint, face or PIN.',
  usePasskey: 'Use a passkey',
  continuePasskey: 'Continue with a passkey',
  enrolTitle: 'Set up a second factor',
  enrolHelp: 'This account needs a second factor. Scan a picture with an authenticator app, such as the one of your password manager.',
  enrolShow: 'Show the picture',
  enrolSecret: 'Or enter this key:',
  enrolPicture: 'The picture to scan',
  startAgain: 'Start again',
  codesTitle: 'Keep your recovery codes',
  codesHelp: 'Each of these signs you in once, should you lose your device. They are not shown again: keep them in a safe place.',
  codesKept: 'I have kept them',
  codes: 'Recovery codes',

  account: 'Account',
  manageAccount: 'Manage your account',
  signOut: 'Sign out',

  organization: 'Organization',
  chooseOrganization: 'Choose an organization',
  createOrganization: 'Create an organization',
  create: 'Create',
  invitedBy: '{inviter} invites you to {organization}',
  join: 'Join {organization}',

  members: 'Members',
  invite: 'Invite',
  inviteHelp: 'Whoever has the address gets a mail with a link. They join once they have signed in with that address.',
  inviteSend: 'Send the invitation',
  invited: '{email} is invited.',
  invitations: 'Open invitations',
  until: 'good until {date}',
  expired: 'expired {date}',
  resend: 'Resend',
  resendTo: 'Resend to {email}',
  resent: 'The invitation of {email} is sent again.',
  revoke: 'Revoke',
  revokeFor: 'Revoke for {email}',
  revokeTitle: 'Revoke the invitation?',
  revokeHelp: 'The link that {email} has ends.',
  revoked: 'The invitation of {email} is revoked.',
  you: 'you',
  since: 'since {date}',
  roleOf: 'Role of {name}',
  roleChanged: '{name} is {role} now.',
  remove: 'Remove',
  removeOne: 'Remove {name}',
  removeTitle: 'Remove {name}?',
  removeHelp: 'They lose access to {organization} at once. What they made stays.',
  removed: '{name} is removed.',
  noOrganization: 'Choose an organization first, or create one.',
  mayNotRead: 'Your role does not let you see who else is a member.',

  'client/network': 'The server can’t be reached. Check your connection, then try again.',
  'client/timeout': 'The server took too long. Try again.',
  'client/passkey': 'No passkey was used.',
  'federation/denied': 'You turned back at the provider. Nothing was changed.',
  'auth/unconfirmed': 'Confirm your email address first.',
  'auth/bad_ticket': 'This code or link is wrong, was used before, or has expired. Ask for a new one.',
  'auth/bad_proof': 'Enter the 6 digits of the code.',
  'auth/challenge_ended': 'That took too long, or too many codes were wrong. Sign in again.',
  'auth/email_taken': 'There is an account with this address. Sign in instead.',
  'auth/method_off': 'This way of signing in is turned off.',
  'factor/options_ended': 'That took too long. Try again.',
  'factor/passkey_refused': 'This passkey is not known here, or belongs to another account.',
  'tenant/unverified_address': 'Confirm your email address first, then accept the invitation.',
  'access/sign_in': 'You are signed out. Sign in again.',
}

/** Other words, for a part or for all of it; those of further codes too. */
export type Texts = Partial<typeof english> & { readonly [code: `${string}/${string}`]: string }

const Context = createContext<Texts>({})

/** Has the components below say something else, such as the same in another language. */
export function TextsProvider({ texts, children }: { texts: Texts; children?: ReactNode }): ReactNode {
  return <Context.Provider value={texts}>{children}</Context.Provider>
}

/** Says a text. */
export type Say = (name: keyof typeof english, values?: Record<string, string | number>) => string

export function useTexts(): Say & { error(err: unknown): string } {
  const texts = useContext(Context)
  const say: Say = (name, values = {}) => (texts[name] ?? english[name]).replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ''))
  const error = (err: unknown): string => {
    const { code = '', message = String(err), retryAfter } = err as { code?: string; message?: string; retryAfter?: number }
    const words = (texts as Record<string, string>)[code] ?? (english as Record<string, string>)[code]
    const seconds = Math.ceil((retryAfter ?? 0) / 1000)
    if (seconds > 0 && !words) return say('retry', { wait: seconds < 90 ? seconds + ' s' : Math.ceil(seconds / 60) + ' min' })
    return words ?? message.charAt(0).toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? '' : '.')
  }
  return Object.assign(say, { error })
}
