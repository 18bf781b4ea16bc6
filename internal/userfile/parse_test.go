package userfile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/person"
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
func show(seq func(func(User, error) bool)) string {
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

var files = []struct{ name, kind, file, want string }{
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

func TestParse(t *testing.T) {
	for _, test := range files {
		if got := show(Parse(strings.NewReader(test.file), Format{test.kind, firebaseVector})); got != test.want {
			t.Errorf("%s:\n%swant:\n%s", test.name, got, test.want)
		}
	}
	if got := show(Parse(strings.NewReader(firebaseExport), Format{Kind: "firebase"})); !strings.HasPrefix(got, "auth/bad_import at lines.2.password_hash\n") {
		t.Errorf("without the project's parameters:\n%s", got)
	}
}

// TestNoHashIsSaid: what stands where a hash should may be a password.
func TestNoHashIsSaid(t *testing.T) {
	for _, hash := range []string{"hunter2", "$2b$99$hunter2", "$argon2id$v=19$hunter2$hunter2$hunter2", "pbkdf2_sha256$hunter2$x$y"} {
		for u, err := range Parse(strings.NewReader("email,password\nada@example.com,"+hash+"\n"), Format{Kind: "csv"}) {
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

// TestLimits: a row that does not end is given up soon.
func TestLimits(t *testing.T) {
	for _, test := range []struct{ kind, head, more string }{
		{"csv", "email\n", "x"}, {"csv", "email\n\"", "x\n"}, {"csv", "", "email,"}, {"csv", "email\n", "\n"},
		{"json", "[{\"email\": \"", "x"}, {"json", "[", "["}, {"json", "", " "}, {"json", "[", "\n"}, {"json", "[{\"email\":\"a@example.com\"}", " "},
		{"firebase", "{\"other\": [", "1,"}, {"firebase", "{", "\"a\":1,"},
	} {
		file := endless(test.head, test.more)
		var last error
		for _, err := range Parse(file, Format{Kind: test.kind}) {
			last = err
		}
		if !fault.Is(last, fault.AuthBadFile) || strings.Contains(last.Error(), "16 MiB") {
			t.Errorf("%s, %q and %q without end: %v", test.kind, test.head, test.more, last)
		}
	}
	long := "email,name\na@example.com," + strings.Repeat("x", maxRow) + "\n"
	if got := show(Parse(strings.NewReader(long+"b@example.com,b\n"), Format{Kind: "csv"})); got != "auth/bad_import at lines.2.row\n3 b@example.com b\n" {
		t.Errorf("a long row: %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range files {
		f.Add(test.kind, test.file)
	}
	f.Fuzz(func(t *testing.T, kind, file string) {
		ends := 0
		for u, err := range Parse(strings.NewReader(file), Format{kind, firebaseVector}) {
			switch {
			case ends > 0:
				t.Fatal("goes on behind its end")
			case fault.Is(err, fault.AuthBadFile):
				ends++
			case err != nil && !fault.Is(err, fault.AuthBadImport):
				t.Fatal(err)
			case err == nil:
				if email, err := person.Email(u.Email); err != nil || email != u.Email || u.Line < 1 {
					t.Fatalf("%+v", u)
				}
				if hash, err := password.Foreign(string(u.PasswordHash)); u.PasswordHash != "" && (err != nil || hash != string(u.PasswordHash)) {
					t.Fatal(hash, err)
				}
			}
		}
	})
}
