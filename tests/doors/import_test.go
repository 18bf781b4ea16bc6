package doors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

const (
	aBcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" // of "U*U"

	bcryptLong   = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui" // of all 72 bytes that bcrypt reads
	bcryptLongIs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// importer is an admin who imports users.
type importer struct {
	*testing.T
	*testkit.Server
	boss *testkit.Client
}

func newImporter(t *testing.T) importer {
	t.Helper()
	s := testkit.New(t, `type Note @model @auth(rules: [{ allow: member }]) { text: String! }`)
	boss := s.SignUp("boss@example.com")
	if err := s.Backend.Auth.SetAdmin(t.Context(), boss.UserID, true); err != nil {
		t.Fatal(err)
	}
	return importer{t, s, boss}
}

func (i importer) load(query, file string) *testkit.Response {
	i.Helper()
	return i.boss.Do("POST", "/auth/admin/import?format=csv"+query, file, "Content-Type", "text/csv")
}

// want imports a file and compares what the report counts.
func (i importer) want(query, file string, created, updated, skipped, failed int) *testkit.Response {
	i.Helper()
	r := i.load(query, file).Want(200)
	got := fmt.Sprint(r.Value("created"), r.Value("updated"), r.Value("skipped"), r.Value("failed"))
	if want := fmt.Sprint(created, updated, skipped, failed); got != want {
		i.Errorf("%s; want %s created, updated, skipped and failed", r.Body, want)
	}
	return r
}

// account is a user as the fields of the list say them.
func (i importer) account(email string) string {
	i.Helper()
	r := i.boss.Get("/auth/admin/users/" + email).Want(200)
	return fmt.Sprint(r.Value("name"), " ", r.Value("emailVerified"), " ", r.Value("groups"), " ", r.Value("disabledAt") != nil, " ", r.Value("hasPassword"))
}

func (i importer) signIn(email, password string, status int) {
	i.Helper()
	if r := i.Anonymous().Do("POST", "/auth/sign-in", map[string]any{"email": email, "password": password}); r.StatusCode != status {
		i.Errorf("%s signs in with %.12q: %d %s", email, password, r.StatusCode, r.Body)
	}
}

func (i importer) is(email, want string) {
	i.Helper()
	if got := i.account(email); got != want {
		i.Errorf("%s is %s, not %s", email, got, want)
	}
}

func TestImport(t *testing.T) {
	i := newImporter(t)
	file := "email,name,password_hash,email_verified,created_at,groups,disabled\n" +
		"ada@example.com,Ada," + aBcrypt + ",true,2020-01-31,staff,\n" +
		"grace@example.com,Grace,,false,2999-01-01,,true\n" +
		"ada@example.com,Again,,,,,\nnobody,,,,,,\n"
	i.want("&dryRun=true", file, 2, 0, 1, 1)
	i.want("", file, 2, 0, 1, 1)
	i.want("", file, 0, 0, 3, 1)
	i.is("ada@example.com", "Ada true [staff] false true")
	i.is("grace@example.com", "Grace false [] true false")
	at := func(email string) string { return i.boss.Get("/auth/admin/users/" + email).String("createdAt") }
	if ada, grace, boss := at("ada@example.com"), at("grace@example.com"), at("boss@example.com"); ada != "2020-01-31T00:00:00.000Z" || grace < boss || grace > "2999" {
		t.Errorf("Ada is of %s, Grace of %s", ada, grace)
	}
	i.signIn("ada@example.com", "U*U", 200)
	i.signIn("ada@example.com", "U*V", 401)
	i.signIn("grace@example.com", "U*U", 401)
}

// An import changes what an import made. It gives nothing to one who has signed up
// here with somebody's address.
func TestImportUpdate(t *testing.T) {
	i := newImporter(t)
	const head = "email,name,password_hash,email_verified,groups\n"
	i.want("", head+"ada@example.com,Ada,"+aBcrypt+",,\n", 1, 0, 0, 0)
	i.want("&update=true", head+"ada@example.com,,"+bcryptLong+",true,staff\n", 0, 1, 0, 0)
	i.is("ada@example.com", "Ada true [staff] false true")
	i.signIn("ada@example.com", "U*U", 401)
	i.signIn("ada@example.com", bcryptLongIs, 200)
	i.want("&update=true", head+"ada@example.com,Countess,"+aBcrypt+",,\n", 0, 1, 0, 0)
	i.is("ada@example.com", "Countess true [staff] false true")
	i.signIn("ada@example.com", bcryptLongIs, 200) // of an account that its user has opened
	i.signIn("ada@example.com", "U*U", 401)

	i.SignUp("victim@example.com")
	before := i.account("victim@example.com")
	i.want("&update=true", head+"victim@example.com,Victim,"+aBcrypt+",true,admins\n", 0, 0, 0, 1)
	i.is("victim@example.com", before)
}

func TestImportStopsAndGoesOn(t *testing.T) {
	i := newImporter(t)
	org := i.boss.Get("/auth/organizations").Want(200).String("items", 0, "slug")
	var file strings.Builder
	file.WriteString("email,org,role\n")
	for n := range 450 {
		to := org
		if n%150 == 7 {
			to = "nowhere"
		}
		fmt.Fprintf(&file, "user%d@example.com,%s,member\n", n, to)
	}
	r := i.want("", file.String(), 447, 0, 0, 3)
	if message := r.String("errors", 0, "message"); r.Len("errors") != 3 || r.String("errors", 0, "field") != "lines.9.org" || !strings.Contains(message, "line 9, org: ") {
		t.Errorf("the mistakes are %s", r.Body)
	}
	if in := i.boss.Get("/auth/admin/users/user449@example.com").Want(200); in.String("organizations", 0, "slug") != org {
		t.Errorf("the last one is %s", in.Body)
	}
	for what, test := range map[string]struct {
		file string
		made []string
		not  []string
	}{
		"a row that stops it":    {"email,org,role\na@example.com," + org + ",member\nb@example.com,nowhere,member\nc@example.com," + org + ",member\n", []string{"a"}, []string{"b", "c"}},
		"one that can't be read": {"email\nd@example.com\nnobody\ne@example.com\n", []string{"d"}, []string{"e"}},
	} {
		if r := i.load("&stopAtError=true", test.file); r.StatusCode < 400 || r.String("code") != "auth/bad_import" {
			t.Errorf("%s: %d %s", what, r.StatusCode, r.Body)
		}
		for _, name := range test.made {
			i.boss.Get("/auth/admin/users/" + name + "@example.com").Want(200)
		}
		for _, name := range test.not {
			i.boss.Get("/auth/admin/users/" + name + "@example.com").Want(404)
		}
	}
}
