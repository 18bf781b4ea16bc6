package graphql

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/schema"
)

// KeyArgs are the arguments by which a list names a part of a key, as
// DynamoDB's queries do: one value of the key's first field, and a condition
// on the fields behind it.
type KeyArgs struct {
	Hash *schema.Field   // the argument of this field's name; nil: there is none
	Sort []*schema.Field // what SortArg compares
	// SortArg is the argument's name: the field's, or "warehouseRack" for
	// several, whose condition then compares objects. "" without sort fields.
	SortArg string

	index string // the name within the type of a condition on several fields
}

// primaryIndex stands for an index's name in the type of a primary key's
// condition.
const primaryIndex = "Primary"

// listKey holds the key arguments of a model's list: those of its primary
// key, where that is more than an id.
func (b *builder) listKey(m *schema.Model) KeyArgs {
	if len(m.Key) == 1 && isServerID(m.Key[0]) && b.dialect == Native {
		return KeyArgs{}
	}
	return keyArgs(m.Key, primaryIndex)
}

func indexKey(x *schema.Index) KeyArgs { return keyArgs(x.Fields, x.Name) }

// keyArgs splits a key's fields.
func keyArgs(fields []*schema.Field, index string) KeyArgs {
	key := KeyArgs{Hash: fields[0], Sort: fields[1:], index: index}
	for i, f := range key.Sort {
		if i == 0 {
			key.SortArg = lowerFirst(f.Name)
		} else {
			key.SortArg += upperFirst(f.Name)
		}
	}
	if len(key.Sort) == 1 {
		key.SortArg = key.Sort[0].Name
	}
	return key
}

// nestedKeys lists the sort conditions that a to-many field takes: of each key
// of the other model that starts with what the relation already fixes.
func (b *builder) nestedKeys(r *schema.Relation) []KeyArgs {
	if len(r.To) != 1 {
		return nil
	}
	var keys []KeyArgs
	add := func(key KeyArgs) {
		key.Hash = nil
		if key.SortArg != "" && !slices.ContainsFunc(keys, func(k KeyArgs) bool { return k.SortArg == key.SortArg }) {
			keys = append(keys, key)
		}
	}
	if r.Target.Key[0] == r.To[0] || b.dialect == Amplify { // Amplify offers the primary key's in any case
		add(keyArgs(r.Target.Key, primaryIndex))
	}
	for _, x := range r.Target.Indexes {
		if !x.Implicit && x.Fields[0] == r.To[0] {
			add(indexKey(x))
		}
	}
	return keys
}

// sortArg is the argument of a condition on sort fields.
func (b *builder) sortArg(m *schema.Model, key KeyArgs) *ast.ArgumentDefinition {
	if len(key.Sort) == 1 {
		return arg(key.SortArg, named(b.keyCondition(key.Sort[0])))
	}
	prefix := "Model" + b.referred(m).model + upperFirst(graphQLName(key.index)) + "CompositeKey"
	b.once(prefix+"ConditionInput", func() *ast.Definition { return operators(prefix+"ConditionInput", prefix+"Input", textKeyOps) })
	b.once(prefix+"Input", func() *ast.Definition {
		def := &ast.Definition{Kind: ast.InputObject, Name: prefix + "Input"}
		for i, f := range key.Sort {
			name := b.typeName(f)
			if f.Kind == schema.ScalarKind && i == len(key.Sort)-1 {
				name = comparedAs(f)
			}
			def.Fields = append(def.Fields, input(f.Name, named(name)))
		}
		return def
	})
	return arg(key.SortArg, named(prefix+"ConditionInput"))
}

// graphQLName drops what a name of GraphQL can't hold; an index's may.
func graphQLName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
}

// primary tells whether the key is a model's primary key, or its sort fields.
func (k KeyArgs) primary(m *schema.Model) bool {
	return k.index == primaryIndex && slices.Equal(k.Sort, m.Key[1:])
}

// Filter says the key arguments of a call in the filter language; nil where it
// has none of them.
func (k KeyArgs) Filter(args map[string]any) map[string]any {
	var all []any
	if k.Hash != nil && args[k.Hash.Name] != nil {
		all = append(all, map[string]any{k.Hash.Name: map[string]any{"eq": args[k.Hash.Name]}})
	}
	condition, _ := args[k.SortArg].(map[string]any)
	for _, op := range slices.Sorted(maps.Keys(condition)) { // one order: equal calls make equal SQL
		value := condition[op]
		switch {
		case value == nil:
		case len(k.Sort) == 1:
			all = append(all, map[string]any{k.Sort[0].Name: map[string]any{op: value}})
		default:
			all = append(all, k.compare(op, value))
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0].(map[string]any)
	}
	return map[string]any{"and": all}
}

// compare says a comparison of several fields, in their order, as one of each.
func (k KeyArgs) compare(op string, value any) map[string]any {
	if op == "between" {
		bounds, _ := value.([]any)
		if len(bounds) != 2 { // the filter language says what is wrong with it
			return map[string]any{k.Sort[0].Name: map[string]any{"between": bounds}}
		}
		return map[string]any{"and": []any{k.compare("ge", bounds[0]), k.compare("le", bounds[1])}}
	}
	object, _ := value.(map[string]any)
	given := 0 // a value may leave out the last fields: DynamoDB compares prefixes
	for given < len(k.Sort) && object[k.Sort[given].Name] != nil {
		given++
	}
	if op == "eq" || op == "beginsWith" || given == 0 {
		return k.prefix(object, given, op)
	}
	strict, last := op, op
	switch op {
	case "le":
		strict = "lt"
	case "ge":
		strict = "gt"
	}
	var or []any
	for i := range given {
		step := strict
		if i == given-1 {
			step = last
		}
		alternative := k.prefix(object, i, "eq")
		alternative[k.Sort[i].Name] = map[string]any{step: object[k.Sort[i].Name]}
		or = append(or, alternative)
	}
	return map[string]any{"or": or}
}

// prefix demands the first n values; the last of them by op.
func (k KeyArgs) prefix(object map[string]any, n int, op string) map[string]any {
	filter := map[string]any{}
	for i, f := range k.Sort[:n] {
		test := "eq"
		if i == n-1 && op == "beginsWith" && comparedAs(f) == "String" && f.Kind == schema.ScalarKind {
			test = op
		}
		filter[f.Name] = map[string]any{test: object[f.Name]}
	}
	return filter
}
