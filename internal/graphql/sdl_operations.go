package graphql

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/loam-dev/loam/internal/schema"
)

// operations adds what Amplify generates for a model.
func (b *builder) operations(m *schema.Model, n names) {
	if name := m.Ops.Get; name != "" {
		field := &ast.FieldDefinition{Name: name, Type: named(m.Name)}
		for _, f := range m.Key {
			field.Arguments = append(field.Arguments, arg(f.Name, nonNull(named(b.typeName(f)))))
		}
		b.root(b.query, b.api.Queries, field, Operation{Kind: GetOne, Model: m})
	}
	if name := m.Ops.List; name != "" {
		key := b.listKey(m)
		field := &ast.FieldDefinition{Name: name, Type: named(n.connection)}
		if key.Hash != nil {
			field.Arguments = append(field.Arguments, arg(key.Hash.Name, named(b.typeName(key.Hash))), arg("sortDirection", named(sortDirection)))
		}
		if key.SortArg != "" {
			field.Arguments = append(field.Arguments, b.sortArg(m, key))
		}
		field.Arguments = append(field.Arguments, page(n)...)
		b.root(b.query, b.api.Queries, field, Operation{Kind: ListPage, Model: m, Key: key})
	}
	for _, index := range m.Indexes {
		if index.QueryField != "" {
			b.indexQuery(m, index)
		}
	}
	if !m.ReadOnly {
		b.mutations(m, n)
	}
	b.subscriptions(m, n)
}

func (b *builder) indexQuery(m *schema.Model, index *schema.Index) {
	n, key := b.referred(m), indexKey(index)
	field := &ast.FieldDefinition{Name: index.QueryField, Type: named(n.connection)}
	field.Arguments = append(field.Arguments, arg(key.Hash.Name, nonNull(named(b.typeName(key.Hash)))))
	if key.SortArg != "" {
		field.Arguments = append(field.Arguments, b.sortArg(m, key))
	}
	field.Arguments = append(field.Arguments, arg("sortDirection", named(sortDirection)))
	field.Arguments = append(field.Arguments, page(n)...)
	b.root(b.query, b.api.Queries, field, Operation{Kind: IndexPage, Model: m, Index: index, Key: key})
}

// page lists the arguments of every list, with Loam's sort.
func page(n names) ast.ArgumentDefinitionList {
	return ast.ArgumentDefinitionList{
		arg("filter", named(n.filter)), arg("limit", named("Int")), arg("nextToken", named("String")),
		arg("sort", listOf(&ast.Type{NamedType: n.sort, NonNull: true})),
	}
}

func (b *builder) mutations(m *schema.Model, n names) {
	for _, op := range []struct {
		name, input string
		kind        OperationKind
	}{
		{m.Ops.Create, n.create, CreateOne}, {m.Ops.Update, n.update, UpdateOne}, {m.Ops.Delete, n.remove, DeleteOne},
	} {
		if op.name != "" {
			b.root(b.mutation, b.api.Mutations, mutation(op.name, op.input, m, n), Operation{Kind: op.kind, Model: m})
		}
	}
}

func mutation(name, input string, m *schema.Model, n names) *ast.FieldDefinition {
	return &ast.FieldDefinition{Name: name, Type: named(m.Name), Arguments: ast.ArgumentDefinitionList{
		arg("input", nonNull(named(input))), arg("condition", named(n.condition)),
	}}
}

func (b *builder) subscriptions(m *schema.Model, n names) {
	args := ast.ArgumentDefinitionList{arg("filter", named(n.subFilter))}
	var owners []*schema.Field
	if !m.Ops.PublicSubscriptions {
		for _, f := range ownerFields(m, schema.Listen) {
			if !f.List {
				owners = append(owners, f)
				args = append(args, arg(f.Name, named("String")))
			}
		}
	}
	for _, on := range []struct {
		names []string
		kind  OperationKind
	}{
		{m.Ops.OnCreate, OnCreate}, {m.Ops.OnUpdate, OnUpdate}, {m.Ops.OnDelete, OnDelete},
	} {
		for _, name := range on.names {
			field := &ast.FieldDefinition{Name: name, Type: named(m.Name), Arguments: args}
			b.root(b.subscription, b.api.Subscriptions, field, Operation{Kind: on.kind, Model: m, Owners: owners})
		}
	}
}

// additions adds Loam's own operations beside Amplify's.
func (b *builder) additions(m *schema.Model, n names) {
	plural := upperFirst(m.Plural)
	if m.Ops.List != "" {
		field := &ast.FieldDefinition{
			Name: "aggregate" + plural, Type: listOf(nonNull(named(n.aggregate))),
			Description: "Totals of the rows that match: one for each group, or one in all.",
			Arguments: ast.ArgumentDefinitionList{
				arg("filter", named(n.filter)), arg("groupBy", listOf(nonNull(named(n.fields)))),
			},
		}
		b.extra(b.query, b.api.Queries, field, Operation{Kind: AggregateRows, Model: m})
	}
	if m.Ops.List != "" && m.Search != nil {
		field := &ast.FieldDefinition{
			Name: "search" + plural, Type: named(n.connection), Description: "The rows that hold the words, best first.",
			Arguments: append(ast.ArgumentDefinitionList{arg("query", nonNull(named("String")))}, page(n)...),
		}
		b.extra(b.query, b.api.Queries, field, Operation{Kind: SearchPage, Model: m})
	}
	if m.Ops.Create != "" && m.Ops.Update != "" && !m.ReadOnly {
		field := mutation("upsert"+n.model, n.create, m, n)
		field.Description = "Creates the row, or updates the one that has the same primary or unique key."
		b.extra(b.mutation, b.api.Mutations, field, Operation{Kind: UpsertOne, Model: m})
	}
}

// changes adds the subscription to all that happens to a model's rows.
func (b *builder) changes(m *schema.Model, n names) {
	if len(m.Ops.OnCreate)+len(m.Ops.OnUpdate)+len(m.Ops.OnDelete) == 0 {
		return
	}
	if _, taken := b.owners["type "+n.change]; taken {
		return
	}
	b.changeOps()
	b.define(&ast.Definition{Kind: ast.Object, Name: n.change, Fields: ast.FieldList{
		{Name: "op", Type: nonNull(named(changeOp))},
		{Name: "id", Type: named("ID"), Description: "Of the row; several key values are joined by commas. Null for START and GAP."},
		{Name: "cursor", Type: nonNull(named("String")), Description: "What to send as since, to go on after this event."},
		{Name: "row", Type: named(m.Name), Description: "As it is now, or for DELETE as it was; null for START, REMOVE and GAP."},
	}}, "model "+m.Name, m.Pos)
	b.extra(b.subscription, b.api.Subscriptions, &ast.FieldDefinition{
		Name: lowerFirst(n.model) + "Changes", Type: nonNull(named(n.change)),
		Description: "What happens to the rows that match, each event with a cursor to resume after.",
		Arguments:   ast.ArgumentDefinitionList{arg("filter", named(n.subFilter)), arg("since", named("String"))},
	}, Operation{Kind: OnChange, Model: m})
}

const changeOp = "ModelChangeOp"

func (b *builder) changeOps() {
	b.once(changeOp, func() *ast.Definition {
		def := &ast.Definition{Kind: ast.Enum, Name: changeOp}
		for _, v := range [][2]string{
			{"START", "What follows happens after this cursor."},
			{"INSERT", "The row is new, or matches now."},
			{"UPDATE", "The row changed."},
			{"DELETE", "The row was deleted."},
			{"REMOVE", "The row does not match any more, or may not be seen."},
			{"GAP", "What happened since is not known any more: read the rows anew."},
		} {
			def.EnumValues = append(def.EnumValues, &ast.EnumValueDefinition{Name: v[0], Description: v[1]})
		}
		return def
	})
}

// aggregates defines the answer of a model's aggregate query.
func (b *builder) aggregates(m *schema.Model, n names) {
	if m.Ops.List == "" {
		return
	}
	numbers := &ast.Definition{Kind: ast.Object, Name: n.numbers}
	values := &ast.Definition{Kind: ast.Object, Name: n.aggregated}
	for _, f := range m.Fields {
		if !f.Plain() || f.Hidden {
			continue
		}
		values.Fields = append(values.Fields, input(f.Name, named(b.typeName(f))))
		if f.Kind == schema.ScalarKind && (f.Scalar == schema.Int || f.Scalar == schema.Float) && f != m.Version {
			numbers.Fields = append(numbers.Fields, input(f.Name, named("Float")))
		}
	}
	def := &ast.Definition{Kind: ast.Object, Name: n.aggregate, Fields: ast.FieldList{
		{Name: "group", Type: nonNull(named(n.aggregated)), Description: "What the rows of the group have in common: the fields of groupBy."},
		{Name: "count", Type: nonNull(named("Int"))},
		{Name: "min", Type: nonNull(named(n.aggregated))},
		{Name: "max", Type: nonNull(named(n.aggregated))},
	}}
	if len(numbers.Fields) > 0 {
		def.Fields = append(def.Fields,
			&ast.FieldDefinition{Name: "sum", Type: nonNull(named(n.numbers))},
			&ast.FieldDefinition{Name: "avg", Type: nonNull(named(n.numbers))})
		b.define(numbers, "model "+m.Name, m.Pos)
	}
	b.define(values, "model "+m.Name, m.Pos)
	b.define(def, "model "+m.Name, m.Pos)
}
