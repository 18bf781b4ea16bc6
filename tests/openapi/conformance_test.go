// Package openapi_test holds the OpenAPI document against the server that gives
// it out: what it promises is answered, and what is answered fits it. The
// package's other half is check.mjs, which asks public tools about the document
// itself.
package openapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/loam-dev/loam/internal/testkit"
)

// door is a server with its document.
type door struct {
	t       *testing.T
	doc     *openapi3.T
	schemas *jsonschema.Compiler // of the document, formats included
	by      *testkit.Client
	server  *testkit.Server
}

// open serves a schema of internal/sdkgen/testdata to a new user.
func open(t *testing.T, name string) *door {
	t.Helper()
	source, err := os.ReadFile("../../internal/sdkgen/testdata/" + name + ".graphql")
	if err != nil {
		t.Fatal(err)
	}
	s := testkit.New(t, string(source))
	document := s.Anonymous().Get("/api/openapi.json").Want(200).Body
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	schemas := jsonschema.NewCompiler()
	schemas.DefaultDraft(jsonschema.Draft2020)
	schemas.AssertFormat()
	if err := schemas.AddResource("openapi.json", plain); err != nil {
		t.Fatal(err)
	}
	return &door{t, doc, schemas, s.SignUp("ada@example.com"), s}
}

// do sends a request of the operation at the path template, and fails unless
// its answer is one that the document has.
func (d *door) do(method, template, path string, body any, headers ...string) *testkit.Response {
	d.t.Helper()
	r := d.by.Do(method, path, body, headers...)
	item := d.doc.Paths.Value(template)
	if item == nil || item.GetOperation(method) == nil {
		d.t.Fatalf("the document has no %s %s", method, template)
	}
	response := item.GetOperation(method).Responses.Value(strconv.Itoa(r.StatusCode))
	if response == nil {
		d.t.Fatalf("%s %s answers %d, which the document lacks: %s", method, path, r.StatusCode, r.Body)
	}
	for name := range response.Value.Headers {
		if r.Header.Get(name) == "" && name != "Retry-After" && name != "Loam-Read" && !strings.Contains(path, "?") {
			d.t.Errorf("%s %s: no header %s", method, path, name)
		}
	}
	kind := r.Header.Get("Content-Type")
	media := response.Value.Content.Get(kind)
	if (media == nil) != (len(r.Body) == 0) {
		d.t.Fatalf("%s %s answers %q, which the document lacks: %s", method, path, kind, r.Body)
	}
	if media == nil {
		return r
	}
	at := response.Ref
	if at == "" {
		at = "#/paths/" + pointer(template) + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(r.StatusCode)
	}
	schema, err := d.schemas.Compile("openapi.json" + at + "/content/" + pointer(kind) + "/schema")
	if err != nil {
		d.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.Body))
	if err != nil {
		d.t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		d.t.Errorf("%s %s: the answer does not fit: %v\n%s", method, path, err, r.Body)
	}
	return r
}

// pointer escapes a key for a JSON Pointer inside a URL.
func pointer(key string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(key))
}

func TestAnswersFitTheDocument(t *testing.T) {
	d := open(t, "everything")
	full := map[string]any{
		"text": "ABC-1", "slug": "a.bz", "count": 7, "ratio": 1.5, "done": true, "day": "2026-01-31", "hour": "14:30", "at": "2026-01-31T14:30:00+02:00",
		"seen": 1_700_000_000, "mail": "ada@example.com", "site": "https://example.com/x", "phone": "+1 202 555 0123", "address": "10.0.0.0/8",
		"anything": map[string]any{"a": []any{1, nil}}, "color": "GREEN", "colors": []string{"RED"}, "tags": []any{"a", nil}, "scores": []int{1},
		"place": map[string]any{"street": "A", "near": map[string]any{"lat": 1.5, "long": 2}}, "places": []any{map[string]any{"street": "B", "codes": []any{1, nil}}},
		"secret": "s", "old": "o",
	}
	const all, one = "/api/samples", "/api/samples/{id}"
	made := d.do("POST", all, all, full, "Idempotency-Key", "k1").Want(201)
	row := all + "/" + made.String("id")
	d.do("POST", all, all, map[string]any{"text": "ABC-2", "colors": []string{}}).Want(201)
	d.do("GET", all, all+"?limit=1&count=true", nil).Want(200)
	d.do("GET", one, row, nil).Want(200)
	d.do("GET", one, row, nil, "If-None-Match", made.Header.Get("ETag")).Want(304)
	d.do("PATCH", one, row, map[string]any{"body": 1}).Want(400)
	d.do("PATCH", one, row, map[string]any{"place": nil, "count": 8}, "If-Match", `"1"`).Want(200)
	d.do("PATCH", one, row, map[string]any{"count": 9}, "If-Match", `"1"`).Want(412)
	d.do("PUT", all, all, map[string]any{"mail": "ada@example.com", "text": "ABC-3", "colors": []string{}}).Want(200)
	d.do("PUT", all, all, map[string]any{"mail": "eve@example.com", "text": "ABC-4", "colors": []string{}}).Want(201)
	d.do("POST", all, all, map[string]any{"mail": "ada@example.com", "text": "ABC-5", "colors": []string{}}).Want(409)
	d.do("POST", all, all, map[string]any{"text": "ABC-5", "colors": []string{}}, "Idempotency-Key", "k1").Want(422)
	d.do("POST", all, all, "{}", "Content-Type", "text/plain").Want(415)
	d.do("GET", all+":aggregate", all+":aggregate?groupBy=color,done&sum=count&avg=ratio&min=day&max=at", nil).Want(200)
	d.do("GET", all+":aggregate", all+":aggregate", nil).Want(200)
	d.do("POST", "/api/batch", "/api/batch", map[string]any{"operations": []any{
		map[string]any{"method": "POST", "path": all, "body": map[string]any{"text": "ABC-6", "colors": []string{}}},
		map[string]any{"method": "DELETE", "path": row},
	}}).Want(200)
	d.do("DELETE", one, row, nil).Want(404)
	d.do("GET", one, row, nil).Want(404)
	d.do("GET", all, all+"?cursor=x", nil).Want(400)
	d.by.Header.Set("Authorization", "Bearer x")
	d.do("GET", all, all, nil).Want(401)
}

func TestIncludedRowsFitTheDocument(t *testing.T) {
	d := open(t, "tracker")
	project := d.do("POST", "/api/projects", "/api/projects", map[string]any{"name": "Engine"}).Want(201).String("id")
	task := d.do("POST", "/api/tasks", "/api/tasks", map[string]any{"title": "t", "projectId": project, "assigneeId": d.by.UserID}).Want(201).String("id")
	d.do("GET", "/api/tasks", "/api/tasks?include=project,assignee,tags", nil).Want(200)
	d.do("GET", "/api/tasks/{id}", "/api/tasks/"+task+"?include=project.tasks", nil).Want(200)
	d.do("GET", "/api/users", "/api/users", nil).Want(200)
	d.do("GET", "/api/users/{id}", "/api/users/"+d.by.UserID, nil).Want(200)
}

func TestAuthFitsTheDocument(t *testing.T) {
	d := open(t, "tracker")
	const org, members = "/auth/organizations/{org}", "/auth/organizations/{org}/members"
	eve := d.do("POST", "/auth/sign-up", "/auth/sign-up", map[string]any{"email": "eve@example.com", "password": "correct horse battery", "name": "Eve"}).Want(201)
	d.do("POST", "/auth/sign-up", "/auth/sign-up", map[string]any{"email": "eve@example.com", "password": "correct horse battery"}).Want(409)
	d.do("POST", "/auth/sign-in", "/auth/sign-in", map[string]any{"email": "eve@example.com", "password": "wrong wrong wrong"}).Want(401)
	d.do("POST", "/auth/sign-in", "/auth/sign-in", map[string]any{"email": "eve@example.com", "password": "correct horse battery"}).Want(200)
	d.do("POST", "/auth/refresh", "/auth/refresh", map[string]any{"refreshToken": eve.String("refreshToken")}).Want(200)
	d.do("GET", "/auth/me", "/auth/me", nil).Want(200)
	key := d.do("POST", "/auth/keys", "/auth/keys", map[string]any{"name": "CI", "readOnly": true}).Want(201)
	d.do("GET", "/auth/keys", "/auth/keys", nil).Want(200)
	d.do("DELETE", "/auth/keys/{key}", "/auth/keys/"+key.String("id"), nil).Want(204)
	d.do("DELETE", "/auth/keys/{key}", "/auth/keys/"+key.String("id"), nil).Want(404)
	made := d.do("POST", "/auth/organizations", "/auth/organizations", map[string]any{"name": "Second"}).Want(201).String("id")
	d.do("GET", "/auth/organizations", "/auth/organizations", nil).Want(200)
	at := "/auth/organizations/" + made
	d.do("POST", members, at+"/members", map[string]any{"email": "eve@example.com", "role": "admin"}).Want(403)
	d.by.Enlist(eve.String("organization", "id"), "member") // they know each other now
	d.do("POST", members, at+"/members", map[string]any{"email": "eve@example.com", "role": "admin"}).Want(201)
	d.do("GET", members, at+"/members?limit=1", nil).Want(200)
	d.do("PATCH", members+"/{user}", at+"/members/"+eve.String("user", "id"), map[string]any{"role": "member"}).Want(200)
	d.do("DELETE", members+"/{user}", at+"/members/"+eve.String("user", "id"), nil).Want(204)
	d.do("DELETE", members+"/{user}", at+"/members/"+d.by.UserID, nil).Want(403)
	d.do("GET", org+"/audit", at+"/audit?limit=2&action=org.member_added", nil).Want(200)
	d.do("GET", org+"/audit", at+"/audit?actor=nobody", nil).Want(400)
	d.do("POST", org+"/switch", at+"/switch", nil).Want(200)
	d.do("POST", "/auth/sign-out", "/auth/sign-out", nil)
}

// values are what the fields of everything.graphql are compared with, where
// their schema alone does not say.
var values = map[string]string{"phone": "+12025550123", "address": "10.0.0.1", "mail": "ada@example.com", "site": "https://example.com"}

// valueOf makes a text that a parameter takes.
func valueOf(p *openapi3.Parameter) string {
	field, _, _ := strings.Cut(p.Name, ".")
	part := strings.HasSuffix(p.Name, ".contains") || strings.HasSuffix(p.Name, ".beginsWith")
	if v, ok := values[field]; ok && !strings.HasSuffix(p.Name, ".isNull") && !part {
		return v
	}
	s := p.Schema.Value
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0].(string)
	case s.Type.Is("boolean"):
		return "true"
	case s.Type.Is("integer"), s.Type.Is("number"):
		return "1"
	case s.Format == "date-time":
		return "2026-01-31T00:00:00Z"
	case s.Format == "date":
		return "2026-01-31"
	case s.Format == "time-local":
		return "10:00"
	}
	return map[string]string{
		"sort": "-createdAt", "fields": "text", "filter": `{"text":{"eq":"x"}}`, "groupBy": "color", "sum": "count", "avg": "ratio", "min": "day", "max": "text",
		"color.in": "RED,BLUE",
	}[p.Name]
}

// Every parameter that the document lists is one that the door takes.
func TestDoorTakesEveryParameter(t *testing.T) {
	d := open(t, "everything")
	for _, path := range []string{"/api/samples", "/api/samples:aggregate"} {
		op := d.doc.Paths.Value(path).Get
		if len(op.Parameters) < 20 {
			t.Fatalf("%s has only %d parameters", path, len(op.Parameters))
		}
		for _, p := range op.Parameters {
			value := valueOf(p.Value)
			if value == "" {
				value = "x"
			}
			if p.Value.In != "query" || p.Value.Name == "cursor" {
				continue
			}
			if r := d.by.Get(path + "?" + url.Values{p.Value.Name: {value}}.Encode()); r.StatusCode != http.StatusOK {
				t.Errorf("%s?%s=%s: %s", path, p.Value.Name, value, r.Body)
			}
		}
	}
}

// Every operator that the document gives a field's filter is one that the door
// takes.
func TestDoorTakesEveryOperator(t *testing.T) {
	d := open(t, "everything")
	operands := map[string]any{
		"isNull": true, "attributeExists": true, "attributeType": "string", "size": map[string]any{"ge": 1},
	}
	tried := 0
	filter := d.doc.Components.Schemas["SampleFilter"].Value
	parameters := map[string]*openapi3.Parameter{}
	for _, p := range d.doc.Paths.Value("/api/samples").Get.Parameters {
		parameters[p.Value.Name] = p.Value
	}
	for _, field := range slices.Sorted(maps.Keys(filter.Properties)) {
		if field == "and" || field == "or" || field == "not" {
			continue
		}
		for _, op := range slices.Sorted(maps.Keys(filter.Properties[field].Value.Properties)) {
			operand, ok := operands[op]
			if !ok {
				one := elementOf(field, parameters)
				operand = one
				if op == "in" || op == "notIn" || op == "between" {
					operand = []any{one, one}
				}
			}
			text, err := json.Marshal(map[string]any{field: map[string]any{op: operand}})
			if err != nil {
				t.Fatal(err)
			}
			tried++
			if r := d.by.Get("/api/samples?" + url.Values{"filter": {string(text)}}.Encode()); r.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", text, r.Body)
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d operators were tried", tried)
	}
}

// elementOf is a JSON value that a field is compared with.
func elementOf(field string, parameters map[string]*openapi3.Parameter) any {
	switch field {
	case "colors":
		return "RED"
	case "scores":
		return 1
	case "places":
		return map[string]any{"street": "A"}
	case "done":
		return true
	}
	p := parameters[field+".eq"] // where the field has the name of a parameter
	if p == nil {
		p = parameters[field]
	}
	if p == nil {
		return "x"
	}
	if p.Schema.Value.Type.Is("integer") || p.Schema.Value.Type.Is("number") {
		return 1
	}
	if v := valueOf(p); v != "" {
		return v
	}
	return "x"
}
