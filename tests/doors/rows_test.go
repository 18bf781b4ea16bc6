package doors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

// TestRowLimit: an organization with as many rows as it may have gets no further
// ones by any door, and again some when it has removed some.
func TestRowLimit(t *testing.T) {
	s := testkit.New(t, `type Box @model @auth(rules: [{ allow: member }]) { name: String @unique leaves: [Leaf] @hasMany }
type Leaf @model @auth(rules: [{ allow: member }]) { box: Box @belongsTo(onDelete: CASCADE) }`)
	root, ada, eve := s.SignUp("root@example.com"), s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), root.UserID, true); err != nil {
		t.Fatal(err)
	}
	box := ada.Do("POST", "/api/boxes", `{"name":"a"}`).Want(201).String("id")
	root.Do("PUT", "/auth/admin/organizations/"+ada.Org+"/limits", map[string]any{"rows": 3}).Want(200)
	leaf := fmt.Sprintf(`{"boxId":%q}`, box)
	ada.Do("POST", "/api/leaves", leaf).Want(201)
	ada.Do("POST", "/api/batch", fmt.Sprintf(`{"operations":[{"method":"POST","path":"/api/leaves","body":%s},{"method":"POST","path":"/api/leaves","body":%s}]}`, leaf, leaf)).
		WantCode(403, "tenant/limit")
	ada.Do("POST", "/api/leaves", leaf).Want(201)
	full := map[string]*testkit.Response{
		"create": ada.Do("POST", "/api/leaves", leaf),
		"upsert": ada.Do("PUT", "/api/boxes", `{"name":"b"}`),
		"batch":  ada.Do("POST", "/api/batch", fmt.Sprintf(`{"operations":[{"method":"POST","path":"/api/leaves","body":%s}]}`, leaf)),
	}
	for door, r := range full {
		if r.StatusCode != 403 || r.String("code") != "tenant/limit" || !strings.Contains(r.String("detail"), "at most 3 rows") {
			t.Errorf("%s: %s", door, r.Body)
		}
	}
	if r := ada.GraphQL(`mutation { createLeaf(input: {}) { id } }`, nil); !strings.Contains(string(r.Body), "tenant/limit") {
		t.Errorf("%s", r.Body)
	}
	ada.Do("PUT", "/api/boxes", `{"name":"a"}`).Want(200)
	ada.Do("PATCH", "/api/boxes/"+box, `{"name":"c"}`).Want(200)
	eve.Do("POST", "/api/boxes", `{"name":"a"}`).Want(201)
	ada.Do("DELETE", "/api/boxes/"+box, nil).Want(204) // and both leaves with it
	for range 3 {
		ada.Do("POST", "/api/leaves", `{}`).Want(201)
	}
	ada.Do("POST", "/api/leaves", `{}`).WantCode(403, "tenant/limit")
}
