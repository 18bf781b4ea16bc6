package auth

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/store"
)

const aBcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" // of "U*U"

// firebaseVector is the project of firebase/scrypt's README.
var firebaseVector = FirebaseHash{
	SignerKey: "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==", SaltSeparator: "Bw==", Rounds: 8, MemoryCost: 14,
}

const firebaseExport = `{"version": 1, "users": [
  {"localId": "a1", "email": "Ada@Example.com", "emailVerified": true, "displayName": "Ada", "createdAt": "1486324445000", "disabled": false,
   "passwordHash": "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==", "salt": "42xEC+ixf3L2lw==", "providerUserInfo": []},
  {"localId": "b2", "phoneNumber": "+15550100"},
  {"localId": "c3", "email": "grace@example.com", "emailVerified": false, "disabled": true, "providerUserInfo": [{"providerId": "google.com"}]}
]}`

// show writes what a sequence yields, a line each.
func show(seq func(func(ImportUser, error) bool)) string {
	var b strings.Builder
	for u, err := range seq {
		if e := fault.Of(err); err != nil {
			fmt.Fprintf(&b, "%s at %s\n", e.Code, e.Field)
			continue
		}
		fmt.Fprintf(&b, "%d %s", u.Line, u.Email)
		for _, part := range []struct {
			say  bool
			text string
		}{
			{u.Verified, "verified"}, {u.Name != "", u.Name}, {u.PasswordHash != "", "hash"}, {u.CreatedAt != "", u.CreatedAt}, {u.Disabled, "disabled"},
			{u.Groups != nil, fmt.Sprint(u.Groups)}, {u.Org != "", u.Org + "/" + u.Role},
		} {
			if part.say {
				b.WriteString(" " + part.text)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

var importFiles = []struct{ name, kind, file, want string }{
	{"csv", "csv", "\ufeffemail,name,password_hash,email_verified,created_at,groups,org,role,phone\r\n" +
		"ADA@Example.com, Ada ," + aBcrypt + ",true,2020-01-31T09:30:00+01:00,a;b;a,acme,admin,+1\r\n" +
		"\r\n\"grace@example.com\",\"Grace,\n\"\"Amazing\"\"\",,0,,,,,\r\n",
		"2 ada@example.com verified Ada hash 2020-01-31T08:30:00.000Z [a b] acme/admin\nauth/bad_import at lines.4.name\n"},
	{"csv, the good rows around bad ones", "csv", "Email,Password Hash,created\nno address,,\na@example.com,plain text,\nb@example.com\nc@ex\"ample.com,,\nd@example.com,,\n",
		"auth/bad_import at lines.2.email\nauth/bad_import at lines.3.password_hash\nauth/bad_import at lines.4.row\nauth/bad_import at lines.5.row\n6 d@example.com\n"},
	{"Cognito", "csv", "cognito:username,name,given_name,family_name,email,email_verified,phone_number,cognito:mfa_enabled\nx,,Ada,Lovelace,ada@example.com,TRUE,,false\n",
		"2 ada@example.com verified Ada Lovelace\n"},
	{"Supabase", "csv", "id,aud,role,email,encrypted_password,email_confirmed_at,created_at\n1,authenticated,authenticated,ada@example.com," + aBcrypt + ",2024-05-06 07:08:09.123456+00,2024-05-06 07:08:09+02\n",
		"2 ada@example.com verified hash 2024-05-06T05:08:09.000Z\n"},
	{"csv without addresses", "csv", "name\nAda\n", "auth/bad_import_file at file\n"},
	{"csv with a hash under another name", "csv", "email,pass_hash\nada@example.com,x\n", "auth/bad_import_file at file\n"},
	{"csv with a column twice", "csv", "email,email\na@example.com,b@example.com\n", "auth/bad_import_file at file\n"},
	{"an empty file", "csv", "", "auth/bad_import_file at file\n"},
	{"json", "json", "[\n{\"email\": \"ada@example.com\", \"email_verified\": true, \"groups\": [\"a\", \"b\"], \"passwordHash\": \"" + aBcrypt + "\"},\n" +
		"{\"email\": \"bob@example.com\", \"email\": \"eve@example.com\"}, 7,\n{\"email\": [\"x\"]}, {\"email\": \"eve@example.com\", \"email_verified\": \"maybe\"},\n {\"email\": \"grace@example.com\", \"created_at\": 1486324445}]",
		"2 ada@example.com verified hash [a b]\nauth/bad_import at lines.3.row\nauth/bad_import at lines.3.row\nauth/bad_import at lines.4.email\nauth/bad_import at lines.4.email_verified\n" +
			"5 grace@example.com 2017-02-05T19:54:05.000Z\n"},
	{"Auth0, an object a line", "json", "{\"_id\":{\"$oid\":\"1\"},\"email\":\"ada@example.com\",\"email_verified\":false,\"passwordHash\":\"" + aBcrypt + "\"}\n\n{\"email\":\"grace@example.com\",\"blocked\":true}\n",
		"1 ada@example.com hash\n3 grace@example.com disabled\n"},
	{"json that breaks off", "json", "[{\"email\": \"ada@example.com\"}, {\"email\":", "1 ada@example.com\nauth/bad_import_file at file\n"},
	{"json with more behind", "json", "[{\"email\": \"ada@example.com\"}] x", "1 ada@example.com\nauth/bad_import_file at file\n"},
	{"no rows", "json", "[]", ""},
	{"not even rows", "json", "7", "auth/bad_import_file at file\n"},
	{"Firebase", "firebase", firebaseExport, "2 ada@example.com verified Ada hash 2017-02-05T19:54:05.000Z\nauth/bad_import at lines.4.email\n5 grace@example.com disabled\n"},
	{"another kind", "xml", "<users/>", "auth/bad_import_file at file\n"},
}

func TestParseImport(t *testing.T) {
	for _, test := range importFiles {
		if got := show(ParseImport(strings.NewReader(test.file), ImportFormat{test.kind, firebaseVector})); got != test.want {
			t.Errorf("%s:\n%swant:\n%s", test.name, got, test.want)
		}
	}
	if got := show(ParseImport(strings.NewReader(firebaseExport), ImportFormat{Kind: "firebase"})); !strings.HasPrefix(got, "auth/bad_import at lines.2.password_hash\n") {
		t.Errorf("without the project's parameters:\n%s", got)
	}
}

// TestImportSaysNoHash: what stands where a hash should may be a password.
func TestImportSaysNoHash(t *testing.T) {
	for _, hash := range []string{"hunter2", "$2b$99$hunter2", "$argon2id$v=19$hunter2$hunter2$hunter2", "pbkdf2_sha256$hunter2$x$y"} {
		for u, err := range ParseImport(strings.NewReader("email,password\nada@example.com,"+hash+"\n"), ImportFormat{Kind: "csv"}) {
			if err == nil || strings.Contains(fmt.Sprint(u, err), "hunter2") {
				t.Errorf("%q: %v, %v", hash, u, err)
			}
		}
	}
}

// endless is a file that begins so, and goes on.
func endless(head, more string) io.Reader {
	return io.MultiReader(strings.NewReader(head), &loop{text: more})
}

type loop struct {
	text string
	read int
}

func (l *loop) Read(b []byte) (int, error) {
	if l.read > 16<<20 {
		return 0, errors.New("read 16 MiB")
	}
	for i := range b {
		b[i] = l.text[(l.read+i)%len(l.text)]
	}
	l.read += len(b)
	return len(b), nil
}

// TestImportLimits: a row that does not end is given up soon.
func TestImportLimits(t *testing.T) {
	for _, test := range []struct{ kind, head, more string }{
		{"csv", "email\n", "x"}, {"csv", "email\n\"", "x\n"}, {"csv", "", "email,"}, {"csv", "email\n", "\n"},
		{"json", "[{\"email\": \"", "x"}, {"json", "[", "["}, {"json", "", " "}, {"json", "[", "\n"}, {"json", "[{\"email\":\"a@example.com\"}", " "},
		{"firebase", "{\"other\": [", "1,"}, {"firebase", "{", "\"a\":1,"},
	} {
		file := endless(test.head, test.more)
		var last error
		for _, err := range ParseImport(file, ImportFormat{Kind: test.kind}) {
			last = err
		}
		if !fault.Is(last, fault.AuthBadFile) || strings.Contains(last.Error(), "16 MiB") {
			t.Errorf("%s, %q and %q without end: %v", test.kind, test.head, test.more, last)
		}
	}
	long := "email,name\na@example.com," + strings.Repeat("x", importRow) + "\n"
	if got := show(ParseImport(strings.NewReader(long+"b@example.com,b\n"), ImportFormat{Kind: "csv"})); got != "auth/bad_import at lines.2.row\n3 b@example.com b\n" {
		t.Errorf("a long row: %s", got)
	}
}

// imported runs an import and returns its report.
func (p *place) imported(file string, o ImportOptions) (ImportReport, error) {
	p.Helper()
	return p.Import(p.Context(), ParseImport(strings.NewReader(file), ImportFormat{Kind: "csv"}), o)
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
	if ada.Name != "Ada" || !ada.EmailVerified || ada.password != importedMark+bcryptLong || !slices.Equal(ada.groups, []string{"staff"}) {
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
	report, err = p.Import(t.Context(), ParseImport(strings.NewReader(`[{"email":"f@example.com"}, {`), ImportFormat{Kind: "json"}), ImportOptions{})
	is(t, "a file that breaks off", err, fault.AuthBadFile)
	if report.Created != 1 {
		t.Errorf("up to where it breaks off: %v", report)
	}
}

func FuzzParseImport(f *testing.F) {
	for _, test := range importFiles {
		f.Add(test.kind, test.file)
	}
	f.Fuzz(func(t *testing.T, kind, file string) {
		ends := 0
		for u, err := range ParseImport(strings.NewReader(file), ImportFormat{kind, firebaseVector}) {
			switch {
			case ends > 0:
				t.Fatal("goes on behind its end")
			case fault.Is(err, fault.AuthBadFile):
				ends++
			case err != nil && !fault.Is(err, fault.AuthBadImport):
				t.Fatal(err)
			case err == nil:
				if email, err := canonicalEmail(u.Email); err != nil || email != u.Email || u.Line < 1 {
					t.Fatalf("%+v", u)
				}
				if _, err := new(hasher).matcher(string(u.PasswordHash)); u.PasswordHash != "" && err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
