package attack

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/loam-dev/loam/internal/backend"
)

// TestAttack146_OneTrail: the list over all organizations is an admin's alone, its
// cursors open no other list and no other's opens it, and no filter that is wrong shows
// more than was meant.
func TestAttack146_OneTrail(t *testing.T) {
	s, ada, eve := two(t)
	boss := root(t, s)
	all := "/console/api/audit"
	seen := map[string]bool{}
	pages := 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		r := boss.Get(all + "?limit=2&cursor=" + cursor).Want(200)
		for i := range r.Len("items") {
			seen[r.String("items", i, "id")] = true
		}
		cursor, _ = r.Value("nextCursor").(string)
	}
	if whole := boss.Get(all).Want(200); len(seen) != whole.Len("items") || pages < 3 {
		t.Errorf("%d pages have %d records, not %d", pages, len(seen), whole.Len("items"))
	}
	orgs := func(query string) (found []string) {
		r := boss.Get(all + query).Want(200)
		for i := range r.Len("items") {
			item := r.Value("items", i).(map[string]any)
			org, _ := item["organization"].(string)
			found = append(found, org)
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	for query, want := range map[string][]string{
		"": {"", ada.Org, eve.Org, boss.Org}, "?organization=" + ada.Org: {ada.Org}, "?organization=none": {""}, "?action=org.founded": {ada.Org, eve.Org, boss.Org},
		"?target=user:" + eve.UserID + "&action=org.founded": {eve.Org}, "?actor=user:" + ada.UserID + "&action=org.founded": {ada.Org},
		"?organization=" + ada.Org + "&target=user:" + eve.UserID: nil, "?until=2020-01-01T00:00:00Z": nil,
	} {
		slices.Sort(want)
		if got := orgs(query); !slices.Equal(got, want) {
			t.Errorf("%s has records of %q, want %q", query, got, want)
		}
	}
	next := boss.Get(all + "?limit=1").Want(200).String("nextCursor")
	own := ada.Get("/auth/organizations/" + ada.Org + "/audit?limit=1").Want(200).String("nextCursor")
	ada.Get("/auth/organizations/"+ada.Org+"/audit?cursor="+next).WantCode(400, "query/bad_cursor")
	for _, query := range append([]string{"cursor=" + own, "organization=none&cursor=" + next, "organization=" + ada.Org + "&cursor=" + next}, hostile...) {
		code := "query/bad_cursor"
		if strings.HasPrefix(query, "limit") {
			code = "query/limit"
		}
		boss.Get(all+"?"+query).WantCode(400, code)
	}
	for query, code := range map[string]string{
		"target=eve": "audit/bad_filter", "target=user:%27OR%201": "audit/bad_filter", "organization=" + ada.Org + "&organization=none": "http/bad_parameter", "org=" + ada.Org: "http/bad_parameter",
	} {
		boss.Get(all+"?"+query).WantCode(400, code)
	}
	boss.Get(all+"?organization=nowhere").WantCode(404, "tenant/not_found")
	ada.Get("/auth/organizations/"+ada.Org+"/audit?target=user:"+eve.UserID).WantCode(400, "http/bad_parameter")
}

// TestAttack147_OneSession: an admin ends that session of that user, at once, and no
// other's by its id; neither cookies from elsewhere nor an old proof do.
func TestAttack147_OneSession(t *testing.T) {
	var ahead atomic.Int64
	s, ada, eve := two(t, func(o *backend.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	boss, again := root(t, s), s.SignIn("ada@example.com")
	sessions := func(user string) (ids []string) {
		r := boss.Get("/console/api/users/" + user + "/sessions").Want(200)
		for i := range r.Len("items") {
			if agent := r.String("items", i, "agent"); r.String("items", i, "address") != "127.0.0.1" || agent == "" {
				t.Errorf("a session is %s", r.Body)
			}
			ids = append(ids, r.String("items", i, "id"))
		}
		return ids
	}
	of := func(user, id string) string { return "/console/api/users/" + user + "/sessions/" + id }
	adas := sessions(ada.UserID) // newest first
	if len(adas) != 2 {
		t.Fatalf("ada has the sessions %v", adas)
	}
	boss.Do("DELETE", of(eve.UserID, adas[0]), nil).WantCode(404, "auth/session_not_found")
	boss.Do("DELETE", of("nobody", adas[0]), nil).WantCode(404, "auth/user_not_found")
	for _, id := range []string{"x", "%00", "..%2f" + adas[0], strings.Repeat("a", 5000)} {
		if r := boss.Do("DELETE", of(ada.UserID, id), nil); r.StatusCode != 404 && r.StatusCode != 400 {
			t.Errorf("%.40q: %d %s", id, r.StatusCode, r.Body)
		}
	}
	b := newJar(s)
	b.signInTo("root@example.com").Want(200)
	for _, headers := range elsewhere {
		b.do("DELETE", of(ada.UserID, adas[0]), nil, headers...).WantCode(403, "http/foreign_origin")
	}
	again.Get("/auth/me").Want(200)
	boss.Do("DELETE", of(ada.UserID, adas[0]), nil).Want(204)
	again.Get("/auth/me").Want(401)
	ada.Get("/auth/me").Want(200)
	if left := sessions(ada.UserID); !slices.Equal(left, adas[1:]) {
		t.Errorf("%v are left", left)
	}
	boss.Do("DELETE", of(ada.UserID, adas[0]), nil).WantCode(404, "auth/session_not_found")
	ahead.Store(int64(11 * time.Minute))
	boss.Do("DELETE", of(ada.UserID, adas[1]), nil).WantCode(403, "auth/reauthenticate")
}
