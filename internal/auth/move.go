package auth

import "github.com/loam-dev/loam/internal/store"

// MoveOrganization makes the sessions and API keys of one organization another's,
// inside the caller's transaction.
func (s *Service) MoveOrganization(c store.Conn, from, to string) error {
	for _, sql := range []string{
		`UPDATE "_sessions" SET "org" = ?2 WHERE "org" = ?1`,
		`UPDATE "_users" SET "org" = ?2 WHERE "org" = ?1`,
	} {
		if _, err := c.Exec(sql, from, to); err != nil {
			return wrap("moving an organization", err)
		}
	}
	return wrap("moving an organization", s.MoveKeys(c, from, to))
}

// RemoveOrganization removes the keys of an organization that is no more, and what
// leads users back to it, inside the caller's transaction.
func (s *Service) RemoveOrganization(c store.Conn, org string) error {
	if err := s.RemoveKeys(c, org); err != nil {
		return err
	}
	if _, err := c.Exec(`UPDATE "_sessions" SET "org" = '' WHERE "org" = ?1`, org); err != nil {
		return err
	}
	_, err := c.Exec(`UPDATE "_users" SET "org" = '' WHERE "org" = ?1`, org)
	return err
}
