package auth

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/userfile"
)

const (
	aBcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" // of "U*U"

	bcryptLong   = "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui" // of all 72 bytes that bcrypt reads
	bcryptLongIs = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
)

// imported runs an import and returns its report.
func (p *place) imported(file string, o ImportOptions) (ImportReport, error) {
	p.Helper()
	return p.Import(p.Context(), userfile.Parse(strings.NewReader(file), userfile.Format{Kind: "csv"}), o)
}

func (p *place) wantImport(file string, o ImportOptions, created, updated, skipped, failed int) {
	p.Helper()
	got, err := p.imported(file, o)
	if err != nil || got.Created != created || got.Updated != updated || got.Skipped != skipped || got.Failed != failed {
		p.Errorf("%v, %v; want %d created, %d updated, %d skipped, %d failed", got, err, created, updated, skipped, failed)
	}
}

func (p *place) accountOf(email string) (a account) {
	p.Helper()
	if err := p.engine.Read(p.Context(), func(c store.Conn) (err error) {
		a, err = findAccount(c, selectAccount+`WHERE u."email" = ?1`, email)
		return err
	}); err != nil {
		p.Fatal(email, err)
	}
	return a
}

func TestImport(t *testing.T) {
	p, _ := newPlace(t)
	file := "email,name,password_hash,email_verified,created_at,groups,disabled\n" +
		"ada@example.com,Ada," + aBcrypt + ",true,2020-01-31,staff,\n" +
		"grace@example.com,Grace,,false,2999-01-01,,true\n" +
		"ada@example.com,Again,,,,,\nnobody,,,,,,\n"
	p.wantImport(file, ImportOptions{DryRun: true}, 2, 0, 1, 1)
	p.wantImport(file, ImportOptions{}, 2, 0, 1, 1)
	p.wantImport(file, ImportOptions{}, 0, 0, 3, 1)
	ada, grace := p.accountOf("ada@example.com"), p.accountOf("grace@example.com")
	if ada.Name != "Ada" || !ada.EmailVerified || ada.CreatedAt != "2020-01-31T00:00:00.000Z" || !slices.Equal(ada.groups, []string{"staff"}) || ada.disabled {
		t.Errorf("Ada is %+v", ada)
	}
	if grace.EmailVerified || grace.CreatedAt > stamp(p.clock()) || !grace.disabled || grace.password != "" {
		t.Errorf("Grace is %+v", grace)
	}
	_, err := p.signIn("ada@example.com", "U*U")
	is(t, "the password from there", err, "")
	_, err = p.signIn("ada@example.com", "U*V")
	is(t, "another password", err, fault.AuthWrong)
	_, err = p.signIn("grace@example.com", "U*U")
	is(t, "no password", err, fault.AuthWrong)
}

// TestImportUpdate: an import changes what an import made. It gives nothing to
// one who has signed up here with somebody's address.
func TestImportUpdate(t *testing.T) {
	p, _ := newPlace(t)
	const head = "email,name,password_hash,email_verified,groups\n"
	p.wantImport(head+"ada@example.com,Ada,"+aBcrypt+",,\n", ImportOptions{}, 1, 0, 0, 0)
	p.wantImport(head+"ada@example.com,,"+bcryptLong+",true,staff\n", ImportOptions{Update: true}, 0, 1, 0, 0)
	ada := p.accountOf("ada@example.com")
	if ada.Name != "Ada" || !ada.EmailVerified || ada.password != password.ImportedMark+bcryptLong || !slices.Equal(ada.groups, []string{"staff"}) {
		t.Errorf("an account that nobody has opened is %+v", ada)
	}
	if err := p.upgradeHash(t.Context(), ada.ID, ada.password, bcryptLongIs); err != nil {
		t.Fatal(err)
	}
	own := p.accountOf("ada@example.com").password
	p.wantImport(head+"ada@example.com,Countess,"+aBcrypt+",,\n", ImportOptions{Update: true}, 0, 1, 0, 0)
	if ada = p.accountOf("ada@example.com"); ada.password != own || ada.Name != "Countess" || !slices.Equal(ada.groups, []string{"staff"}) {
		t.Errorf("an account that was opened is %+v", ada)
	}
	mallory := p.signUp("victim").User.Email
	p.wantImport(head+mallory+",Victim,"+aBcrypt+",true,admins\n", ImportOptions{Update: true}, 0, 0, 0, 1)
	if got := p.accountOf(mallory); got.EmailVerified || len(got.groups) > 0 || got.Name == "Victim" {
		t.Errorf("who signed up with another's address is now %+v", got)
	}
}

func TestImportStopsAndGoesOn(t *testing.T) {
	p, _ := newPlace(t)
	var file strings.Builder
	file.WriteString("email,org,role\n")
	for i := range 450 {
		org := "acme"
		if i%150 == 7 {
			org = "nowhere"
		}
		fmt.Fprintf(&file, "user%d@example.com,%s,member\n", i, org)
	}
	joined := map[string]bool{}
	o := ImportOptions{Join: func(_ store.Conn, userID, org, role string) error {
		if org != "acme" || role != "member" {
			return fault.New(fault.TenantNotFound, "there is no organization %q", org)
		}
		joined[userID] = true
		return nil
	}}
	report, err := p.imported(file.String(), o)
	if err != nil || report.Created != 447 || report.Failed != 3 || len(report.Errors) != 3 {
		t.Fatalf("%v, %v", report, err)
	}
	if e := fault.Of(report.Errors[0]); e.Field != "lines.9.org" || !strings.Contains(e.Message, "line 9, org: there is no organization") {
		t.Errorf("the error is %v at %s", e, e.Field)
	}
	if !joined[p.accountOf("user449@example.com").ID] {
		t.Error("the last one is no member")
	}
	p.wantImport("email,org\nnew@example.com,acme\n", ImportOptions{}, 0, 0, 0, 1)

	o.StopAtError = true
	report, err = p.imported("email,org,role\na@example.com,acme,member\nb@example.com,nowhere,member\nc@example.com,acme,member\n", o)
	is(t, "a row that stops it", err, fault.AuthBadImport)
	if report.Created != 1 || report.Failed != 1 {
		t.Errorf("up to the mistake: %v", report)
	}
	report, err = p.imported("email\nd@example.com\nnobody\ne@example.com\n", o)
	is(t, "a row that can't be read", err, fault.AuthBadImport)
	if report.Created != 1 || report.Failed != 1 {
		t.Errorf("up to what can't be read: %v", report)
	}
	report, err = p.Import(t.Context(), userfile.Parse(strings.NewReader(`[{"email":"f@example.com"}, {`), userfile.Format{Kind: "json"}), ImportOptions{})
	is(t, "a file that breaks off", err, fault.AuthBadFile)
	if report.Created != 1 {
		t.Errorf("up to where it breaks off: %v", report)
	}
}
