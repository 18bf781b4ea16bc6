package userfile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/password"
	"github.com/loam-dev/loam/internal/person"
	"github.com/loam-dev/loam/internal/vault"
)

// fields are the fields of a row by the names that other systems give them, in
// lower case and without marks: Auth0, Cognito, Supabase, Django.
var fields = map[string]string{
	"email": "email", "emailaddress": "email",
	"emailverified": "email_verified", "emailconfirmedat": "email_verified",
	"name": "name", "displayname": "name", "fullname": "name",
	"givenname": "given_name", "firstname": "given_name",
	"familyname": "family_name", "lastname": "family_name",
	"passwordhash": "password_hash", "hashedpassword": "password_hash", "encryptedpassword": "password_hash", "password": "password_hash",
	"createdat": "created_at", "datejoined": "created_at",
	"disabled": "disabled", "blocked": "disabled",
	"groups": "groups",
	"org":    "org", "organization": "org",
	"role": "role",
}

// fieldOf tells the field that a column is, or "" for one that is left out.
// One that looks like a hash is not left out by a slip of the pen.
func fieldOf(column string) (string, error) {
	plain := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, column)
	field := fields[plain]
	if field == "" && strings.Contains(plain, "hash") {
		return "", fmt.Errorf("the column %.100q is unknown: call it password_hash, or leave it out", column)
	}
	return field, nil
}

// BadRow is a mistake in a row, as auth/bad_import at the field.
func BadRow(line int, field, format string, args ...any) error {
	return fault.New(fault.AuthBadImport, "line %d, %s: %s", line, field, fmt.Sprintf(format, args...)).At(fmt.Sprintf("lines.%d.%s", line, field))
}

// row reads the fields of a row and keeps the first mistake.
type row struct {
	line   int
	fields map[string]any
	err    error
}

func (r *row) fail(field, format string, args ...any) {
	if r.err == nil {
		r.err = BadRow(r.line, field, format, args...)
	}
}

// readUser checks a row: values by the names of their columns.
func readUser(line int, values map[string]any) (User, error) {
	r := &row{line: line, fields: map[string]any{}}
	columns := make([]string, 0, len(values))
	for column := range values {
		columns = append(columns, column)
	}
	slices.Sort(columns) // which of two names of a field counts must not be chance
	for _, column := range columns {
		field, err := fieldOf(column)
		if err != nil {
			r.fail("row", "%v", err)
		}
		if old := r.fields[field]; field != "" && (old == nil || old == "" || column == field) {
			r.fields[field] = values[column]
		}
	}
	user := User{
		Line: line, Email: r.email(), Verified: r.yes("email_verified"), Name: r.name(), PasswordHash: r.hash(),
		CreatedAt: r.time("created_at"), Disabled: r.yes("disabled"), Groups: r.groups(), Org: r.text("org"),
	}
	if user.Org != "" { // elsewhere it is the database's role
		user.Role = r.text("role")
	}
	return user, r.err
}

// text reads a field as text, however it is written.
func (r *row) text(field string) string {
	switch v := r.fields[field].(type) {
	case nil:
		return ""
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string:
		if !utf8.ValidString(v) {
			r.fail(field, "write the file in UTF-8")
			return ""
		}
		return strings.TrimSpace(v)
	}
	r.fail(field, "a text is wanted here, not a list or an object")
	return ""
}

func (r *row) email() string {
	email, err := person.Email(r.text("email"))
	if err != nil {
		r.fail("email", "%s", fault.Of(err).Message)
	}
	return email
}

func (r *row) name() string {
	text := r.text("name")
	if text == "" {
		text = r.text("given_name") + " " + r.text("family_name")
	}
	name, err := person.Name(text)
	if err != nil {
		r.fail("name", "%s", fault.Of(err).Message)
	}
	return name
}

// hash never quotes what it read: it may be a password.
func (r *row) hash() vault.Text {
	text := r.text("password_hash")
	if text == "" || text[0] == '!' { // Django's mark of an account without a password
		return ""
	}
	stored, err := password.Foreign(text)
	if err != nil {
		r.fail("password_hash", "%v", err)
	}
	return vault.Text(stored)
}

// yes reads a truth. A time is one too, as where Supabase says since when.
func (r *row) yes(field string) bool {
	text := strings.ToLower(r.text(field))
	switch text {
	case "true", "t", "yes", "1":
		return true
	case "", "false", "f", "no", "0", "null":
		return false
	}
	if _, ok := readTime(text); !ok {
		r.fail(field, "write true or false")
		return false
	}
	return true
}

func (r *row) time(field string) string {
	text := r.text(field)
	if text == "" {
		return ""
	}
	t, ok := readTime(text)
	if !ok {
		r.fail(field, "write the time as 2026-01-31T09:30:00Z, or as seconds or milliseconds since 1970")
		return ""
	}
	return form.Stamp(t)
}

// readTime reads a time of this era; without a zone it is UTC.
func readTime(text string) (time.Time, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		t := time.Unix(n, 0)
		if n >= 100_000_000_000 { // seconds of the year 5138, or milliseconds of 1973
			t = time.UnixMilli(n)
		}
		return t, n > 0 && t.UTC().Year() <= 9999
	}
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02 15:04:05 MST", "2006-01-02 15:04:05", "2006-01-02T15:04:05", time.DateOnly,
	} {
		if t, err := time.Parse(layout, strings.ToUpper(text)); err == nil {
			year := t.UTC().Year()
			return t, year >= 1970 && year <= 9999
		}
	}
	return time.Time{}, false
}

// groups reads a list, or a text with semicolons or a JSON list in it.
func (r *row) groups() []string {
	var list []any
	switch v := r.fields["groups"].(type) {
	case nil:
		return nil
	case []any:
		list = v
	default:
		text := r.text("groups")
		if text == "" {
			return nil
		}
		if strings.HasPrefix(text, "[") {
			if err := json.Unmarshal([]byte(text), &list); err != nil {
				r.fail("groups", "write the groups as a;b;c or as a JSON list")
			}
			break
		}
		for name := range strings.SplitSeq(text, ";") {
			list = append(list, name)
		}
	}
	groups := []string{}
	for _, v := range list {
		text, ok := v.(string)
		name, err := person.Name(text)
		if !ok || err != nil || !utf8.ValidString(text) {
			r.fail("groups", "a group is a name of at most %d characters", person.MaxName)
		}
		if name != "" && !slices.Contains(groups, name) {
			groups = append(groups, name)
		}
		if len(groups) > person.MaxGroups {
			r.fail("groups", "a user is in at most %d groups", person.MaxGroups)
			return nil
		}
	}
	return groups
}

// fill makes one hash of a row's parts and the project's.
func (f FirebaseHash) fill(line int, values map[string]any) error {
	hash, _ := values["passwordHash"].(string)
	salt, _ := values["salt"].(string)
	if hash == "" {
		return nil
	}
	if f.SignerKey == "" || f.Rounds == 0 || f.MemoryCost == 0 {
		return BadRow(line, "password_hash", "give the project's password hash parameters (signer key, salt separator, rounds, memory cost): Firebase's console shows them under Authentication")
	}
	values["passwordHash"] = fmt.Sprintf("$firebase-scrypt$v=1,n=%d,r=%d,p=1,ss=%s,sk=%s$%s$%s", f.MemoryCost, f.Rounds, f.SaltSeparator, string(f.SignerKey), salt, hash)
	return nil
}
