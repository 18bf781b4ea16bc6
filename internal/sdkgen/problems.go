package sdkgen

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/loam-dev/loam/internal/fault"
)

// kinds are the kinds of error that have a response of their own, with its
// name.
var kinds = []struct {
	kind fault.Kind
	name string
}{
	{fault.Invalid, "BadRequest"},
	{fault.Unauthenticated, "Unauthorized"},
	{fault.Forbidden, "Forbidden"},
	{fault.NotFound, "NotFound"},
	{fault.Timeout, "RequestTimeout"},
	{fault.Conflict, "Conflict"},
	{fault.Precondition, "PreconditionFailed"},
	{fault.TooLarge, "ContentTooLarge"},
	{fault.Unsupported, "UnsupportedMediaType"},
	{fault.Unprocessable, "UnprocessableContent"},
	{fault.TooMany, "TooManyRequests"},
	{fault.Internal, "InternalServerError"},
	{fault.Unavailable, "ServiceUnavailable"},
	{fault.StorageFull, "InsufficientStorage"},
}

// problemRefs are the responses of the kinds, by their statuses.
func problemRefs(of ...fault.Kind) written {
	var out written
	for _, k := range kinds {
		if slices.Contains(of, k.kind) {
			out = out.add(strconv.Itoa(k.kind.Status()), object{{"$ref", "#/components/responses/" + k.name}})
		}
	}
	return out
}

// atHome are the rooms whose errors never reach the REST door: they stop a
// start or a migration.
var atHome = []string{"migrate", "schema", "vault", "config", "cli"}

// responses are the problem documents, one for each status, with its codes.
func (d *document) responses() object {
	out := object{}
	for _, k := range kinds {
		var codes, lines []string
		for _, code := range slices.Sorted(maps.Keys(fault.Catalog)) {
			room, _, _ := strings.Cut(string(code), "/")
			if entry := fault.Catalog[code]; entry.Kind == k.kind && !slices.Contains(atHome, room) {
				codes = append(codes, string(code))
				lines = append(lines, "- `"+string(code)+"`: "+entry.Help)
			}
		}
		headers := []string{"X-Request-Id"}
		if k.kind == fault.TooMany || k.kind == fault.Unavailable {
			headers = append(headers, "Retry-After")
		}
		list := object{}
		for _, h := range headers {
			list = append(list, member{h, object{{"$ref", "#/components/headers/" + h}}})
		}
		problem := object{{"allOf", []object{ref(d.problem), {{"type", "object"}, {"properties", object{{"code", object{{"enum", codes}}}}}}}}}
		out = append(out, member{k.name, object{
			{"description", strings.Join(lines, "\n")},
			{"headers", list},
			{"content", object{{"application/problem+json", object{{"schema", problem}}}}},
		}})
	}
	return out
}

// addProblem adds the shape of every error.
func (d *document) addProblem() {
	text := object{{"type", "string"}}
	d.problem = d.name("Problem")
	d.add(d.problem, objectSchema("What went wrong, as of RFC 9457.", object{
		{"type", object{{"type", "string"}, {"format", "uri"}}},
		{"title", text},
		{"status", object{{"type", "integer"}}},
		{"detail", object{{"type", "string"}, {"description", "What is wrong and what to do."}}},
		{"code", object{{"type", "string"}, {"description", "Never changes its meaning: branch on it."}}},
		{"field", object{{"type", "string"}, {"description", "The dotted path of the input at fault."}}},
		{"requestId", object{{"type", "string"}, {"description", "Names the request in the log."}}},
	}, []string{"type", "title", "status", "detail", "code", "requestId"}))
}
