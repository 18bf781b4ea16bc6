package tenant

import (
	"github.com/loam-dev/loam/internal/mail"
	"github.com/loam-dev/loam/internal/store"
)

// Brand is how an organization's messages look: mail's interface Brands. Where
// there are no organizations it is the project's, as it is for an unknown one.
func (r Register) Brand(c store.Conn, org string) (b mail.Brand, err error) {
	if r.Off {
		return b, nil
	}
	err = c.Query(`SELECT "name", "logo", "color" FROM "_orgs" WHERE "id" = ?1`, []any{org}, func(row store.Row) error {
		b = mail.Brand{Name: row.Text(0), Logo: row.Text(1), Color: row.Text(2)}
		return nil
	})
	return b, err
}
