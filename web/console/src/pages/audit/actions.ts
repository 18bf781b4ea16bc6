// What the audit trail has records of, in the order of how often one looks for it. A test
// holds it against what the server writes and what the guides tell.

const of: Record<string, string> = {
  auth: 'sign_in sign_in_failed sign_out sign_up session_ended sessions_ended password_changed password_reset address_change_asked address_changed address_verified factor_added factor_removed recovery_codes_renewed identity_linked identity_unlinked key_created key_revoked consent_given consent_revoked code_refused token_reused credentials_dropped account_deleted',
  org: 'founded changed deleted exported suspended restored limits_changed member_added member_removed member_left role_changed invitation_sent invitation_resent invitation_accepted invitation_declined invitation_revoked team_added team_changed team_removed team_member_added team_member_removed domain_claimed domain_verified domain_changed domain_released connection_added connection_changed connection_removed',
  admin: 'rows_seen row_written impersonation_started user_created user_changed user_disabled user_enabled user_deleted admin_granted admin_revoked session_ended sessions_ended connection_closed users_imported keys_rotated job_retried job_dropped claimed',
  access: 'denied',
  audit: 'started broken exported',
  backup: 'made',
}

// What an event of one word is about.
const rooms: Record<string, string> = { org: 'Organization', access: 'Access', audit: 'Audit trail', backup: 'Backup', admin: 'Server' }

/** wordsOf is an event as people say it: auth.sign_in is "Sign in", org.founded "Organization founded". */
export function wordsOf(action: string): string {
  const [room = '', name = ''] = action.split('.')
  const words = name.includes('_') ? name : `${rooms[room] ?? ''} ${name}`.trim()
  return words.charAt(0).toUpperCase() + words.slice(1).replaceAll('_', ' ')
}

/** actions are the names of what is on record. */
export const actions: string[] = Object.entries(of).flatMap(([room, names]) => names.split(' ').map((name) => `${room}.${name}`))
