package openapi_test

import "testing"

func TestAdminFitsTheDocument(t *testing.T) {
	d := open(t, "tracker")
	if err := d.server.Backend.Auth.SetAdmin(t.Context(), d.by.UserID, true); err != nil {
		t.Fatal(err)
	}
	const users, orgs = "/auth/admin/users", "/auth/admin/organizations"
	made := d.do("POST", users, users, map[string]any{"email": "eve@example.com", "name": "Eve"}).Want(201)
	d.do("POST", users, users, map[string]any{"email": "eve@example.com"}).Want(409)
	eve := users + "/" + made.String("id")
	d.do("GET", users, users+"?limit=1&search=example&sort=-name&disabled=false", nil).Want(200)
	d.do("GET", users+"/{user}", eve, nil).Want(200)
	d.do("GET", users+"/{user}", users+"/nobody", nil).Want(404)
	d.do("PATCH", users+"/{user}", eve, map[string]any{"groups": []string{"a"}, "verified": true, "reset": true}).Want(200)
	d.do("POST", users+"/{user}/sessions/end", eve+"/sessions/end", nil).Want(204)
	d.do("POST", users+"/{user}/impersonate", eve+"/impersonate", map[string]any{"reason": "a ticket"}).Want(201)
	d.do("POST", users+"/{user}/impersonate", eve+"/impersonate", map[string]any{"reason": "a ticket", "write": true}).Want(403)
	d.do("POST", "/auth/admin/import", "/auth/admin/import?format=json", []byte(`[{"email":"bob@example.com"},{"email":"x"}]`)).Want(200)
	d.do("POST", "/auth/admin/import", "/auth/admin/import?format=pdf", []byte(`x`)).Want(400)
	d.do("POST", "/auth/admin/keys/rotate", "/auth/admin/keys/rotate", nil).Want(204)
	d.do("GET", orgs, orgs+"?limit=1", nil).Want(200)
	org := orgs + "/" + d.do("POST", orgs, orgs, map[string]any{"name": "Acme", "owner": "eve@example.com"}).Want(201).String("id")
	d.do("GET", orgs+"/{org}", orgs+"/acme", nil).Want(200)
	d.do("PATCH", orgs+"/{org}", org, map[string]any{"name": "Acme Inc", "slug": "acme-inc"}).Want(200)
	d.do("GET", orgs+"/{org}/members", org+"/members", nil).Want(200)
	d.do("POST", orgs+"/{org}/members", org+"/members", map[string]any{"userId": d.by.UserID, "role": "member"}).Want(201)
	d.do("POST", orgs+"/{org}/members", org+"/members", map[string]any{"email": "nobody@example.com"}).Want(404)
	d.do("PUT", orgs+"/{org}/limits", org+"/limits", map[string]any{"members": 3}).Want(200)
	d.do("POST", orgs+"/{org}/suspend", org+"/suspend", map[string]any{"reason": "unpaid"}).Want(200)
	d.do("POST", orgs+"/{org}/restore", org+"/restore", nil).Want(200)
	d.do("DELETE", orgs+"/{org}", org, map[string]any{"confirm": "other"}).Want(400)
	d.do("DELETE", orgs+"/{org}", org, map[string]any{"confirm": "acme-inc"}).Want(204)
	d.do("DELETE", users+"/{user}", eve, nil).Want(204)
}
