package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/loam-dev/loam/internal/fault"

	"github.com/loam-dev/loam/internal/form"
)

const valuesSchema = `
type All @model @auth(rules: [{ allow: member }]) {
  id: ID! string: String int: Int float: Float boolean: Boolean date: Date time: Time datetime: DateTime
  timestamp: Timestamp email: Email url: URL phone: Phone ip: IPAddress json: JSON awsjson: AWSJSON
  status: Status address: Address required: String! tags: [String!] maybe: [Int] statuses: [Status!]! addresses: [Address]
  awsdate: AWSDate awsurl: AWSURL other: All @belongsTo
}
enum Status { TODO DOING DONE }
type Address { street: String! zip: Int country: Country lines: [String!] }
type Country { code: String! }
`

// mustFit is a value and how it is stored.
func TestCoerce(t *testing.T) {
	model := check(t, "", valuesSchema).Model("All")
	num := func(s string) json.Number { return json.Number(s) }
	for _, c := range []struct {
		field string
		in    any
		want  any
	}{
		{"string", nil, nil}, {"string", "", ""}, {"string", "größe 🎉", "größe 🎉"},
		{"id", "018f-x", "018f-x"}, {"id", num("7"), "7"}, {"id", strings.Repeat("ü", MaxID), strings.Repeat("ü", MaxID)},
		{"int", num("0"), int64(0)}, {"int", num("-2147483648"), int64(math.MinInt32)}, {"int", num("2147483647"), int64(math.MaxInt32)},
		{"int", num("3.0"), int64(3)}, {"int", num("1e3"), int64(1000)}, {"int", num("-0"), int64(0)},
		{"float", num("1.5"), 1.5}, {"float", num("-0"), 0.0}, {"float", num("1e308"), 1e308}, {"float", num("3"), 3.0},
		{"boolean", true, true}, {"boolean", false, false},
		{"date", "2026-01-31", "2026-01-31"}, {"date", "0001-01-01", "0001-01-01"}, {"date", "2024-02-29", "2024-02-29"}, {"awsdate", "9999-12-31", "9999-12-31"},
		{"time", "14:30", "14:30:00.000"}, {"time", "14:30:05", "14:30:05.000"}, {"time", "14:30:05.25", "14:30:05.250"}, {"time", "14:30:00Z", "14:30:00.000"}, {"time", "01:30:00+02:00", "23:30:00.000"},
		{"datetime", "2026-01-31T14:30:00Z", "2026-01-31T14:30:00.000Z"}, {"datetime", "2026-01-31T14:30:00.123456789Z", "2026-01-31T14:30:00.123Z"},
		{"datetime", "2026-01-31T14:30:00+05:30", "2026-01-31T09:00:00.000Z"}, {"datetime", "2026-01-31T14:30Z", "2026-01-31T14:30:00.000Z"},
		{"timestamp", num("0"), int64(0)}, {"timestamp", num("253402300799"), int64(253402300799)}, {"timestamp", num("-1"), int64(-1)},
		{"email", "ada@example.com", "ada@example.com"}, {"email", "a.b+c@x.co", "a.b+c@x.co"},
		{"url", "https://example.com/a?b=c#d", "https://example.com/a?b=c#d"}, {"url", "mailto:ada@example.com", "mailto:ada@example.com"}, {"awsurl", "HTTP://x", "HTTP://x"},
		{"phone", "+12025550123", "+12025550123"}, {"phone", "+49 (30) 123-456.7", "+49301234567"},
		{"ip", "127.0.0.1", "127.0.0.1"}, {"ip", "2001:DB8::1", "2001:db8::1"}, {"ip", "10.0.0.0/8", "10.0.0.0/8"},
		{"json", "text", JSONText(`"text"`)}, {"json", map[string]any{"b": num("1.50"), "a": []any{nil, true, "<\n>"}}, JSONText(`{"a":[null,true,"<\n>"],"b":1.50}`)},
		{"awsjson", `{"b": 1, "a": [ ]}`, JSONText(`{"a":[],"b":1}`)}, {"awsjson", `"x"`, JSONText(`"x"`)}, {"awsjson", num("5"), JSONText("5")},
		{"status", "DOING", "DOING"}, {"statuses", []any{"TODO", "TODO"}, JSONText(`["TODO","TODO"]`)},
		{"tags", []any{}, JSONText(`[]`)}, {"tags", []any{"a", `"`}, JSONText(`["a","\""]`)}, {"maybe", []any{num("1"), nil}, JSONText(`[1,null]`)},
		{"address", map[string]any{"zip": num("1"), "street": "x", "country": nil}, JSONText(`{"street":"x","zip":1}`)},
		{"address", map[string]any{"street": "x", "country": map[string]any{"code": "de"}, "lines": []any{"a"}}, JSONText(`{"street":"x","country":{"code":"de"},"lines":["a"]}`)},
		{"addresses", []any{map[string]any{"street": "x"}, nil}, JSONText(`[{"street":"x"},null]`)},
	} {
		got, err := model.Field(c.field).Coerce(c.in, false)
		if err != nil || got != c.want {
			t.Errorf("%s: %.60v became %#v (%v), want %#v", c.field, c.in, got, err, c.want)
		}
	}
	for _, c := range []struct {
		field, in string
		want      any
	}{
		{"int", "5", int64(5)}, {"float", "1e2", 100.0}, {"boolean", "true", true}, {"timestamp", "12", int64(12)}, {"string", "5", "5"},
		{"json", `{"a":1}`, JSONText(`{"a":1}`)}, {"tags", "a", JSONText(`["a"]`)}, {"address", `{"street":"x"}`, JSONText(`{"street":"x"}`)},
	} {
		if got, err := model.Field(c.field).Coerce(c.in, true); err != nil || got != c.want {
			t.Errorf("%s: text %q became %#v (%v), want %#v", c.field, c.in, got, err, c.want)
		}
	}
}

func TestCoerceRefuses(t *testing.T) {
	model := check(t, "", valuesSchema).Model("All")
	num := func(s string) json.Number { return json.Number(s) }
	deep := func(n int) any {
		var v any = "x"
		for range n {
			v = []any{v}
		}
		return v
	}
	for _, c := range []struct {
		field string
		in    any
		at    string
		code  fault.Code
	}{
		{"required", nil, "required", fault.QueryRequired}, {"statuses", nil, "statuses", fault.QueryRequired},
		{"string", num("1"), "string", ""}, {"string", "a\x00b", "string", ""}, {"string", "\xff", "string", ""}, {"string", strings.Repeat("x", MaxString+1), "string", ""},
		{"id", "", "id", ""}, {"id", "a\nb", "id", ""}, {"id", strings.Repeat("x", MaxID+1), "id", ""}, {"id", num("1.5"), "id", ""}, {"id", true, "id", ""},
		{"int", num("2147483648"), "int", ""}, {"int", num("1.5"), "int", ""}, {"int", "5", "int", ""}, {"int", true, "int", ""}, {"int", num("1e99"), "int", ""}, {"int", num("0x10"), "int", ""}, {"int", num(strings.Repeat("9", 500)), "int", ""},
		{"float", num("1e999"), "float", ""}, {"float", math.NaN(), "float", ""}, {"float", math.Inf(1), "float", ""}, {"float", "1.5", "float", ""}, {"float", num("Infinity"), "float", ""},
		{"boolean", "true", "boolean", ""}, {"boolean", num("1"), "boolean", ""},
		{"date", "2026-02-30", "date", ""}, {"date", "2026-1-1", "date", ""}, {"date", "0000-01-01", "date", ""}, {"date", "2026-01-31T00:00:00Z", "date", ""}, {"date", "10000-01-01", "date", ""},
		{"time", "25:00", "time", ""}, {"time", "9:30", "time", ""}, {"time", "14:30:00,5", "time", ""}, {"time", "14:60", "time", ""},
		{"datetime", "2026-01-31T14:30:00", "datetime", ""}, {"datetime", "2026-01-31 14:30:00Z", "datetime", ""}, {"datetime", "2026-01-31", "datetime", ""}, {"datetime", "0000-01-01T00:00:00Z", "datetime", ""}, {"datetime", "0001-01-01T00:00:00+05:00", "datetime", ""}, {"datetime", "2026-01-31T14:30:60Z", "datetime", ""}, {"datetime", num("5"), "datetime", ""},
		{"timestamp", num("253402300800"), "timestamp", ""}, {"timestamp", num("1.5"), "timestamp", ""},
		{"email", "ada", "email", ""}, {"email", "Ada <ada@example.com>", "email", ""}, {"email", "a@b@c", "email", ""}, {"email", "a b@c.de", "email", ""}, {"email", "a@c.de\r\nBcc: x", "email", ""}, {"email", strings.Repeat("a", 250) + "@b.de", "email", ""},
		{"url", "example.com", "url", ""}, {"url", "/path", "url", ""}, {"url", "javascript:alert(1)", "url", ""}, {"url", "JavaScript:alert(1)", "url", ""}, {"url", "data:text/html,x", "url", ""}, {"url", "https://", "url", ""}, {"url", "https://a b", "url", ""}, {"url", "https://x\n", "url", ""}, {"url", "https://x/" + strings.Repeat("a", MaxURL), "url", ""},
		{"phone", "2025550123", "phone", ""}, {"phone", "+0123456789", "phone", ""}, {"phone", "+123", "phone", ""}, {"phone", "+1234567890123456", "phone", ""}, {"phone", "+1202555O123", "phone", ""},
		{"ip", "256.1.1.1", "ip", ""}, {"ip", "01.2.3.4", "ip", ""}, {"ip", "10.0.0.0/33", "ip", ""}, {"ip", "fe80::1%eth0", "ip", ""}, {"ip", "localhost", "ip", ""},
		{"json", deep(MaxJSONDepth + 1), "json." + strings.Repeat("0.", MaxJSONDepth) + "0", ""}, {"json", map[string]any{"a": "\x00"}, "json.a", ""}, {"json", num("1e999"), "json", ""}, {"json", strings.Repeat("x", MaxJSON), "json", ""},
		{"awsjson", "{", "awsjson", ""}, {"awsjson", "", "awsjson", ""}, {"awsjson", "1 2", "awsjson", ""}, {"awsjson", `{"a":1,"a":2}`, "awsjson", ""}, {"awsjson", strings.Repeat("[", 100000), "awsjson", ""}, {"awsjson", "[1]]", "awsjson", ""}, {"awsjson", "NaN", "awsjson", ""},
		{"status", "todo", "status", ""}, {"status", num("1"), "status", ""}, {"statuses", []any{"TODO", "NOPE"}, "statuses.1", ""},
		{"tags", "a", "tags", ""}, {"tags", []any{"a", nil}, "tags.1", ""}, {"tags", []any{"a", "b", num("3")}, "tags.2", ""}, {"tags", make([]any, MaxList+1), "tags", ""}, {"tags", map[string]any{}, "tags", ""},
		{"address", "x", "address", ""}, {"address", []any{}, "address", ""}, {"address", map[string]any{}, "address.street", fault.QueryRequired},
		{"address", map[string]any{"street": "x", "zip": "12"}, "address.zip", ""}, {"address", map[string]any{"street": "x", "country": map[string]any{"code": num("1")}}, "address.country.code", ""},
		{"address", map[string]any{"street": "x", "zipp": num("1")}, "address.zipp", fault.QueryUnknownField}, {"address", map[string]any{"street": "x", "lines": []any{"a", nil}}, "address.lines.1", ""},
		{"addresses", []any{map[string]any{"street": "x"}, map[string]any{}}, "addresses.1.street", fault.QueryRequired},
		{"other", "x", "other", ""},
	} {
		t.Run(fmt.Sprintf("%s %.30v", c.field, c.in), func(t *testing.T) {
			got, err := model.Field(c.field).Coerce(c.in, false)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok {
				t.Fatalf("accepted as %.100v (%v)", got, err)
			}
			if c.code == "" {
				c.code = fault.QueryBadValue
			}
			if f.Code != c.code || f.Field != c.at || !strings.HasPrefix(f.Message, c.at+" ") {
				t.Errorf("got %s at %q: %s; want %s at %q", f.Code, f.Field, f.Message, c.code, c.at)
			}
		})
	}
}

func TestCoerceOperand(t *testing.T) {
	model := check(t, "", valuesSchema).Model("All")
	for _, c := range []struct {
		field string
		in    any
		text  bool
		want  any
	}{
		{"tags", "a", false, "a"}, {"maybe", "5", true, int64(5)}, {"statuses", "TODO", false, "TODO"}, {"required", nil, false, nil},
		{"datetime", "2026-01-31T14:30:00+01:00", true, "2026-01-31T13:30:00.000Z"}, {"json", "a", false, JSONText(`"a"`)},
	} {
		if got, err := model.Field(c.field).CoerceOperand(c.in, c.text); err != nil || got != c.want {
			t.Errorf("%s: %v became %#v (%v), want %#v", c.field, c.in, got, err, c.want)
		}
	}
	if _, err := model.Field("statuses").CoerceOperand([]any{"TODO"}, false); !fault.Is(err, fault.QueryBadValue) {
		t.Errorf("a list as operand: %v", err)
	}
	if _, err := model.Field("status").CoerceOperand("DOIN", false); err == nil || !strings.Contains(err.Error(), "did you mean DOING?") {
		t.Errorf("no suggestion: %v", err)
	}
}

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		typ, check, value string
		good, bad         any
	}{
		{"Int", "gt", "3", int64(4), int64(3)}, {"Int", "lt", "3", int64(2), int64(3)}, {"Int", "gte", "3", int64(3), int64(2)}, {"Int", "lte", "3", int64(3), int64(4)},
		{"Float", "gt", "0.5", 0.6, 0.5}, {"Timestamp", "lt", "9007199254740993", int64(9007199254740991), int64(9007199254740994)},
		{"String", "minLength", "2", "üü", "ü"}, {"String", "maxLength", "2", "🎉🎉", "🎉🎉🎉"},
		{"String", "startsWith", "ab", "abc", "aab"}, {"Email", "endsWith", "@x.de", "a@x.de", "a@y.de"}, {"String", "matches", "^[a-z]+$", "abc", "abc1"},
		{"ID", "matches", `^\d{3}$`, "123", "1234"},
	} {
		s := check(t, "", fmt.Sprintf("type A @model @auth(rules: [{ allow: member }]) { f: %s @validate(type: %s, value: %q, errorMessage: \"no\") }", c.typ, c.check, c.value))
		k := s.Model("A").Field("f").Checks[0]
		if !k.OK(c.good) || k.OK(c.bad) || !k.OK(nil) || k.Message != "no" {
			t.Errorf("%s %s %q: OK(%v) is %t, OK(%v) is %t", c.typ, c.check, c.value, c.good, k.OK(c.good), c.bad, k.OK(c.bad))
		}
	}
}

// FuzzCoerce: no value panics, and what is accepted is accepted again and
// stays as it is.
func FuzzCoerce(f *testing.F) {
	for _, seed := range []string{`"x"`, `1`, `1.5e3`, `[1,null,"a"]`, `{"street":"x","zip":1}`, `"2026-01-31T14:30:00+05:30"`, `"14:30"`, `"+1 202 555 0123"`, `true`, `"[1,{\"a\":2}]"`} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	s, ds := Parse("schema.graphql", valuesSchema)
	if s == nil {
		f.Fatal(ds)
	}
	f.Fuzz(func(t *testing.T, source string, text bool) {
		var v any = source
		if !text {
			d := json.NewDecoder(strings.NewReader(source))
			d.UseNumber()
			if d.Decode(&v) != nil {
				return
			}
		}
		for _, field := range s.Model("All").Fields {
			got, err := field.Coerce(v, text)
			if err != nil {
				if f := fault.Of(err); f.Status() != 400 || f.Field == "" {
					t.Fatalf("%s: %v", field.Name, err)
				}
				continue
			}
			stored(t, field, got)
			switch got := got.(type) {
			case string:
				if again, err := field.Coerce(got, false); err != nil || again != got {
					t.Fatalf("%s: %q became %q (%v)", field.Name, got, again, err)
				}
			case JSONText:
				if field.Scalar == JSON || field.List || field.Embedded != nil {
					again, err := (&Field{Name: "x", Scalar: JSON}).Coerce(string(got), true)
					if err != nil || field.Embedded == nil && again != got {
						t.Fatalf("%s: %s became %v (%v)", field.Name, got, again, err)
					}
				}
			}
			if _, err := field.CoerceOperand(v, text); err != nil && !field.List {
				t.Fatalf("%s takes %v as a value, and not to compare: %v", field.Name, v, err)
			}
		}
	})
}

// stored fails on what the database could not hold or order.
func stored(t *testing.T, f *Field, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil, bool, int64:
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatalf("%s holds %v", f.Name, v)
		}
	case string:
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			t.Fatalf("%s holds %q", f.Name, v)
		}
		if f.Scalar == DateTime {
			if _, err := time.Parse(form.DateTimeLayout, v); err != nil || len(v) != len(form.DateTimeLayout) {
				t.Fatalf("%s holds %q", f.Name, v)
			}
		}
	case JSONText:
		if !json.Valid([]byte(v)) || strings.ContainsRune(string(v), 0) {
			t.Fatalf("%s holds %q", f.Name, v)
		}
	default:
		t.Fatalf("%s holds a %T", f.Name, v)
	}
}
