package auth

import "github.com/loam-dev/loam/internal/store"

// MoveOrganization makes the sessions and API keys of one organization another's,
// inside the caller's transaction.
func (s *Service) MoveOrganization(c store.Conn, from, to string) error {
	for _, sql := range []string{
		`UPDATE "_sessions" SET "org" = ?2 WHERE "org" = ?1`,
		`UPDATE "_users" SET "org" = ?2 WHERE "org" = ?1`,
		`UPDATE "_api_keys" SET "org" = ?2 WHERE "org" = ?1`,
	} {
		if _, err := c.Exec(sql, from, to); err != nil {
			return wrap("moving an organization", err)
		}
	}
	return nil
}
