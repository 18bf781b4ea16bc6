package doors

import (
	"strings"
	"testing"

	"github.com/loam-dev/loam/internal/testkit"
)

func TestIdempotencyKey(t *testing.T) {
	s := testkit.New(t, tracker)
	ada, eve := s.SignUp("ada@example.com"), s.SignUp("eve@example.com")
	body := map[string]any{"name": "once"}
	first := ada.Do("POST", "/api/projects", body, "Idempotency-Key", "k1").Want(201)
	again := ada.Do("POST", "/api/projects", body, "Idempotency-Key", "k1").Want(201)
	if string(first.Body) != string(again.Body) || first.Header.Get("Location") != again.Header.Get("Location") {
		t.Errorf("first %s\nagain %s", first.Body, again.Body)
	}
	ada.Do("POST", "/api/projects", map[string]any{"name": "other"}, "Idempotency-Key", "k1").WantCode(422, "data/idempotency_key_reused")
	eve.Do("POST", "/api/projects", body, "Idempotency-Key", "k1").Want(201) // another's key is another key
	ada.Do("POST", "/api/projects", body, "Idempotency-Key", strings.Repeat("k", 256)).WantCode(400, "http/bad_header")
	s.Anonymous().Do("POST", "/api/projects", body, "Idempotency-Key", "k1").Want(401)

	document := map[string]any{"query": `mutation { createProject(input: {name: "g"}) { id } }`}
	g1 := ada.Do("POST", "/graphql", document, "Idempotency-Key", "k2").Want(200)
	g2 := ada.Do("POST", "/graphql", document, "Idempotency-Key", "k2").Want(200)
	if string(g1.Body) != string(g2.Body) {
		t.Errorf("GraphQL: %s then %s", g1.Body, g2.Body)
	}
	// A refused request keeps nothing: the key is free for the next try.
	ada.Do("POST", "/api/projects", map[string]any{}, "Idempotency-Key", "k3").Want(400)
	ada.Do("POST", "/api/projects", body, "Idempotency-Key", "k3").Want(201)
	if n := ada.Get("/api/projects").Len("items"); n != 3 {
		t.Errorf("%d projects, want 3", n)
	}
}

func TestVersionsAndConditions(t *testing.T) {
	s := testkit.New(t, tracker)
	ada := s.SignUp("ada@example.com")
	p := ada.Do("POST", "/api/projects", map[string]any{"name": "a"}).Want(201)
	path := "/api/projects/" + p.String("id")
	ada.Do("PATCH", path, map[string]any{"name": "b"}, "If-Match", p.Header.Get("ETag")).Want(200)
	ada.Do("PATCH", path, map[string]any{"name": "c"}, "If-Match", p.Header.Get("ETag")).WantCode(412, "data/version")
	ada.Do("DELETE", path, nil, "If-Match", `"1"`).WantCode(412, "data/version")
	ada.Do("PATCH", path, map[string]any{"name": "c"}, "If-Match", "yes").WantCode(400, "http/bad_header")
	ada.Do("POST", "/api/projects", map[string]any{"name": "c"}, "If-Match", `"1"`).WantCode(400, "http/bad_header")
	tag := ada.Get(path).Want(200).Header.Get("ETag")
	ada.Do("GET", path, nil, "If-None-Match", tag).Want(304)

	id := p.String("id")
	for _, c := range []struct{ mutation, code string }{
		{`updateProject(input: {id: "` + id + `", name: "d"}, condition: {name: {eq: "x"}}) { id }`, "data/condition_failed"},
		{`updateProject(input: {id: "` + id + `", name: "d", version: 1}) { id }`, "data/version"},
		{`createProject(input: {name: "d"}, condition: {name: {eq: "x"}}) { id }`, "data/condition_failed"},
		{`deleteProject(input: {id: "nowhere"}) { id }`, "data/not_found"},
	} {
		r := ada.GraphQL("mutation { "+c.mutation+" }", nil)
		if r.String("errors", 0, "extensions", "code") != c.code || r.String("errors", 0, "errorType") != "DynamoDB:ConditionalCheckFailedException" {
			t.Errorf("%s: %s", c.mutation, r.Body)
		}
	}
	r := ada.GraphQL(`mutation { updateProject(input: {id: "`+id+`", name: "d", version: 2}, condition: {name: {eq: "b"}}) { name version } }`, nil)
	if r.String("data", "updateProject", "name") != "d" {
		t.Errorf("%s", r.Body)
	}
}

func TestUpsert(t *testing.T) {
	s := testkit.New(t, `type Tag @model @auth(rules: [{allow: member}]) { name: String! @unique color: String weight: Int @default(value: "1") }`)
	ada := s.SignUp("ada@example.com")
	made := ada.Do("PUT", "/api/tags", map[string]any{"name": "red", "color": "f00"}).Want(201)
	changed := ada.Do("PUT", "/api/tags", map[string]any{"name": "red", "color": "e00"}).Want(200)
	if made.String("id") != changed.String("id") || changed.String("color") != "e00" || changed.Value("weight") != 1.0 || changed.Value("version") != 2.0 {
		t.Errorf("%s then %s", made.Body, changed.Body)
	}
	ada.Do("PUT", "/api/tags", map[string]any{"color": "x"}).WantCode(400, "query/required")
	r := ada.GraphQL(`mutation { upsertTag(input: {name: "red", weight: 5}) { color weight } }`, nil)
	if r.String("data", "upsertTag", "color") != "e00" || r.Value("data", "upsertTag", "weight") != 5.0 {
		t.Errorf("%s", r.Body)
	}
}

func TestDeletes(t *testing.T) {
	s := testkit.New(t, `
type Root @model @auth(rules: [{allow: member}]) { leaves: [Leaf] @hasMany twigs: [Twig] @hasMany stones: [Stone] @hasMany }
type Leaf @model @auth(rules: [{allow: member}]) { root: Root @belongsTo }
type Twig @model @auth(rules: [{allow: member}]) { root: Root! @belongsTo(onDelete: CASCADE) buds: [Bud] @hasMany }
type Stone @model @auth(rules: [{allow: member}]) { root: Root! @belongsTo }
type Bud @model @auth(rules: [{allow: member}]) { twig: Twig! @belongsTo(onDelete: CASCADE) }
`)
	ada := s.SignUp("ada@example.com")
	row := func(path string, body map[string]any) string {
		return ada.Do("POST", path, body).Want(201).String("id")
	}
	root := row("/api/roots", map[string]any{})
	leaf := row("/api/leaves", map[string]any{"rootId": root})
	twig := row("/api/twigs", map[string]any{"rootId": root})
	bud := row("/api/buds", map[string]any{"twigId": twig})
	stone := row("/api/stones", map[string]any{"rootId": root})
	ada.Do("DELETE", "/api/roots/"+root, nil).WantCode(409, "data/referenced")
	ada.Get("/api/buds/" + bud).Want(200) // nothing of the refused delete stays
	ada.Do("DELETE", "/api/stones/"+stone, nil).Want(204)
	ada.Do("DELETE", "/api/roots/"+root, nil).Want(204)
	ada.Get("/api/twigs/" + twig).Want(404)
	ada.Get("/api/buds/" + bud).Want(404)
	if r := ada.Get("/api/leaves/" + leaf).Want(200); r.Value("rootId") != nil || r.Value("version") != 2.0 {
		t.Errorf("the optional reference: %s", r.Body)
	}
}

// TestAmplifyNames: an Amplify app's documents are served under the names that
// Amplify gives to implicit keys, without being told.
func TestAmplifyNames(t *testing.T) {
	s := testkit.New(t, `
type Blog @model @auth(rules: [{allow: private}]) { name: String! posts: [Post] @hasMany }
type Post @model @auth(rules: [{allow: private}]) { title: String! blog: Blog @belongsTo }
`, testkit.NoTenancy)
	ada := s.SignUp("ada@example.com")
	blog := ada.GraphQL(`mutation CreateBlog($input: CreateBlogInput!, $condition: ModelBlogConditionInput) { createBlog(input: $input, condition: $condition) { id name posts { items { id } nextToken __typename } createdAt updatedAt __typename } }`,
		map[string]any{"input": map[string]any{"name": "b"}}).String("data", "createBlog", "id")
	ada.GraphQL(`mutation CreatePost($input: CreatePostInput!) { createPost(input: $input) { id blogPostsId } }`,
		map[string]any{"input": map[string]any{"title": "p", "blogPostsId": blog}})
	r := ada.GraphQL(`query ListPosts($filter: ModelPostFilterInput, $limit: Int, $nextToken: String) { listPosts(filter: $filter, limit: $limit, nextToken: $nextToken) { items { id title blogPostsId blog { id name } __typename } nextToken __typename } }`,
		map[string]any{"filter": map[string]any{"blogPostsId": map[string]any{"eq": blog}}})
	if r.String("data", "listPosts", "items", 0, "blogPostsId") != blog || r.String("data", "listPosts", "items", 0, "blog", "name") != "b" {
		t.Errorf("%s", r.Body)
	}
}

// TestGraphQLCoercion: a number may stand for an ID and one value for a list
// of one, in the document and in variables, as the specification says.
func TestGraphQLCoercion(t *testing.T) {
	s := testkit.New(t, `type Item @model @auth(rules: [{allow: member}]) { tags: [String!] ratio: Float parts: [Part] } type Part { n: Int }`)
	ada := s.SignUp("ada@example.com")
	const answer = `{ id tags ratio parts { n } }`
	for _, r := range []*testkit.Response{
		ada.GraphQL(`mutation { createItem(input: {id: 5, tags: "a", ratio: 1, parts: {n: 2}}) `+answer+` }`, nil),
		ada.GraphQL(`mutation($i: CreateItemInput!) { createItem(input: $i) `+answer+` }`, map[string]any{"i": map[string]any{"id": 6, "tags": "a", "ratio": 1, "parts": map[string]any{"n": 2}}}),
	} {
		if r.String("data", "createItem", "tags", 0) != "a" || r.Value("data", "createItem", "ratio") != 1.0 || r.Value("data", "createItem", "parts", 0, "n") != 2.0 {
			t.Errorf("%s", r.Body)
		}
	}
	for _, r := range []*testkit.Response{
		ada.GraphQL(`{ getItem(id: 5) { id } }`, nil),
		ada.GraphQL(`query($id: ID!) { getItem(id: $id) { id } }`, map[string]any{"id": 5}),
	} {
		if r.String("data", "getItem", "id") != "5" {
			t.Errorf("%s", r.Body)
		}
	}
	r := ada.GraphQL(`query($id: ID) { listItems(filter: {id: {in: 5}, and: {id: {ne: $id}}}, sort: {field: id}) { items { id } } }`, map[string]any{"id": 6})
	if r.String("data", "listItems", "items", 0, "id") != "5" {
		t.Errorf("%s", r.Body)
	}
}
