package schema

import "slices"

// Owners lists the fields of which rules say that they hold the id of the user
// who owns the row, or a list of such ids. One that holds another claim, such as
// an address, is not among them.
func (m *Model) Owners() []*Field {
	var owners []*Field
	for _, r := range m.Rules {
		byID := slices.Contains([]string{"", "sub", "sub::username", "username", "cognito:username"}, r.IdentityClaim)
		if r.Allow == AllowOwner && byID && r.OwnerField != nil && !slices.Contains(owners, r.OwnerField) {
			owners = append(owners, r.OwnerField)
		}
	}
	return owners
}
