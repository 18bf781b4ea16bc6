package query

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/schema"
)

// BindFilter binds an object of the filter language to a model:
//
//	{status: {in: [TODO, DOING]}, project: {name: {beginsWith: "A"}}, not: {points: {gt: 3}}}
//
// Keys of one object are AND-ed, as are the operators of one field; a bare
// value means eq. Nil and the empty object bind to nil, which is every row. conds
// is how many conditions there may be.
func BindFilter(m *schema.Model, filter any, conds int) (*Cond, error) {
	return (&filterBinder{most: conds}).object(m, filter, 0)
}

// BindRule binds the filter of a `where` rule, in which a string may name a
// variable of the caller's, such as "$user.id"; "$$" stands for a dollar.
func BindRule(m *schema.Model, filter any) (*Cond, error) {
	return (&filterBinder{vars: true, most: DefaultLimits.Conds}).object(m, filter, 0)
}

type filterBinder struct {
	vars  bool // "$..." names a variable
	most  int  // conditions, at most
	conds int  // seen so far
}

func (b *filterBinder) count() error {
	if b.conds++; b.conds > b.most {
		return fault.New(fault.QueryTooComplex, "the filter has more than %d conditions", b.most)
	}
	return nil
}

func (b *filterBinder) object(m *schema.Model, filter any, depth int) (*Cond, error) {
	if filter == nil {
		return nil, nil
	}
	object, ok := filter.(map[string]any)
	if !ok {
		return nil, fault.New(fault.QueryBadValue, "a filter is an object, such as {\"%s\": {\"eq\": ...}}", m.Key[0].Name)
	}
	if depth > MaxNesting {
		return nil, fault.New(fault.QueryTooComplex, "the filter is nested deeper than %d levels", MaxNesting)
	}
	conds := make([]*Cond, 0, len(object))
	for _, key := range sortedKeys(object) {
		c, err := b.entry(m, key, object[key], depth)
		if err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	return AllOf(conds...), nil
}

// sortedKeys gives a filter one order, so that equal filters make equal SQL.
func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for k := range object {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func (b *filterBinder) entry(m *schema.Model, key string, value any, depth int) (*Cond, error) {
	if err := b.count(); err != nil {
		return nil, err
	}
	if value == nil && (key == "and" || key == "or" || key == "not") {
		return nil, nil
	}
	switch key {
	case "and", "or":
		if m.Field(key) == nil {
			return b.list(m, key, value, depth)
		}
	case "not":
		if m.Field(key) == nil {
			c, err := b.object(m, value, depth+1)
			if err != nil {
				return nil, within(key, err)
			}
			return negate(c), nil
		}
	}
	f, err := FieldOf(m, key)
	if err != nil {
		return nil, err
	}
	var c *Cond
	if f.Broken || f.Relation != nil && f.Relation.Target == nil {
		return &Cond{Test: All}, nil // its own mistake has been named
	}
	if f.Relation != nil {
		c, err = b.relation(f, value, depth)
	} else {
		c, err = b.tests(f, value)
	}
	if err != nil {
		return nil, within(key, err)
	}
	return c, nil
}

func negate(c *Cond) *Cond {
	if c == nil {
		return &Cond{Test: None}
	}
	return &Cond{Test: Not, Kids: []*Cond{c}}
}

func (b *filterBinder) list(m *schema.Model, key string, value any, depth int) (*Cond, error) {
	items, ok := value.([]any)
	if !ok {
		items = []any{value}
	}
	kids := make([]*Cond, 0, len(items))
	for i, item := range items {
		c, err := b.object(m, item, depth+1)
		if err != nil {
			return nil, within(key+"."+strconv.Itoa(i), err)
		}
		if c == nil {
			c = &Cond{Test: All}
		}
		kids = append(kids, c)
	}
	if key == "and" {
		return AllOf(kids...), nil
	}
	if len(kids) == 0 {
		return &Cond{Test: None}, nil
	}
	return AnyOf(kids...), nil
}

func (b *filterBinder) relation(f *schema.Field, value any, depth int) (*Cond, error) {
	sub, err := b.object(f.Relation.Target, value, depth+1)
	if err != nil {
		return nil, err
	}
	if sub == nil {
		sub = &Cond{Test: All}
	}
	return &Cond{Test: Related, Field: f, Kids: []*Cond{sub}}, nil
}

// tests binds the operators of one stored field.
func (b *filterBinder) tests(f *schema.Field, value any) (*Cond, error) {
	ops, ok := value.(map[string]any)
	if !ok {
		return b.test(f, "eq", value, false)
	}
	conds := make([]*Cond, 0, len(ops))
	for _, op := range sortedKeys(ops) {
		if err := b.count(); err != nil {
			return nil, err
		}
		var c *Cond
		var err error
		if op == "size" {
			c, err = b.size(f, ops[op])
		} else {
			c, err = b.test(f, op, ops[op], false)
		}
		if err != nil {
			return nil, err
		}
		conds = append(conds, c)
	}
	if len(conds) == 0 {
		return nil, fault.New(fault.QueryRequired, "%s has no operator; it takes %s", f.Name, strings.Join(operatorsOf(f), ", "))
	}
	return AllOf(conds...), nil
}

// sizeField stands in for the number that size compares.
var sizeField = &schema.Field{Name: "size", Kind: schema.ScalarKind, Scalar: schema.Int, Required: true}

func (b *filterBinder) size(f *schema.Field, value any) (*Cond, error) {
	if !slices.Contains(operatorsOf(f), "size") {
		return nil, unknownOperator(f, "size")
	}
	ops, ok := value.(map[string]any)
	if !ok {
		ops = map[string]any{"eq": value}
	}
	conds := make([]*Cond, 0, len(ops))
	for _, op := range sortedKeys(ops) {
		c, err := b.test(sizeField, op, ops[op], true)
		if err != nil {
			return nil, within("size", err)
		}
		c.Field = f
		conds = append(conds, c)
	}
	if c := AllOf(conds...); c != nil {
		return c, nil
	}
	return &Cond{Test: All}, nil
}

var testsByName = map[string]Test{
	"eq": Eq, "ne": Ne, "lt": Lt, "le": Le, "lte": Le, "gt": Gt, "ge": Ge, "gte": Ge, "between": Between,
	"in": In, "notIn": NotIn, "contains": Contains, "notContains": NotContains, "beginsWith": BeginsWith,
	"isNull": IsNull, "attributeExists": NotNull, "attributeType": All,
}

func (b *filterBinder) test(f *schema.Field, op string, value any, size bool) (*Cond, error) {
	test, known := testsByName[op]
	if !known || !slices.Contains(operatorsOf(f), canonicalOp(op)) {
		return nil, unknownOperator(f, op)
	}
	switch test {
	case IsNull, NotNull:
		return nullTest(f, test, op, value)
	case All:
		return typeTest(f, value)
	}
	if value == nil {
		switch test {
		case Eq:
			return &Cond{Test: IsNull, Field: f}, nil
		case Ne:
			return &Cond{Test: NotNull, Field: f}, nil
		}
		return nil, fault.New(fault.QueryBadValue, "%s can't be compared with null by %s; use isNull", f.Name, op).At(op)
	}
	args, err := b.operands(f, test, value)
	if err != nil {
		return nil, within(op, err)
	}
	return &Cond{Test: test, Field: f, Size: size, Args: args}, nil
}

func (b *filterBinder) operands(f *schema.Field, test Test, value any) ([]Operand, error) {
	if name, ok := b.variable(value); ok {
		return variableOperand(f, test, name)
	}
	if b.vars {
		value = unescape(value)
	}
	switch test {
	case Between:
		items := listOf(value)
		if len(items) != 2 {
			return nil, fault.New(fault.QueryBadValue, "between takes a list of two values, the lower one first")
		}
		low, err := b.item(f, items[0])
		if err != nil {
			return nil, err
		}
		high, err := b.item(f, items[1])
		return []Operand{{Value: low}, {Value: high}}, err
	case In, NotIn:
		items := listOf(value)
		if len(items) > MaxIn {
			return nil, fault.New(fault.QueryTooComplex, "the list has %d values, more than %d", len(items), MaxIn)
		}
		values := make([]any, len(items))
		for i, item := range items {
			v, err := b.item(f, item)
			if err != nil {
				return nil, within(strconv.Itoa(i), err)
			}
			values[i] = v
		}
		return []Operand{{Value: values}}, nil
	case Contains, NotContains, BeginsWith:
		if !f.List {
			f = &schema.Field{Name: f.Name, Kind: schema.ScalarKind, Scalar: schema.String} // a part of an address is none itself
		}
	}
	v, err := operand(f, value)
	return []Operand{{Value: v}}, err
}

// item is operand for an element of a list, which no variable can be: it would
// be taken for a text, and the rule for one that never holds.
func (b *filterBinder) item(f *schema.Field, value any) (any, error) {
	if name, ok := b.variable(value); ok {
		return nil, fault.New(fault.QueryBadValue, "$%s can't stand in a list; join conditions by or", clip(name))
	}
	if b.vars {
		value = unescape(value)
	}
	return operand(f, value)
}

// operand types one value that a field, or an element of a list, is compared
// with.
func operand(f *schema.Field, value any) (any, error) {
	text, isText := value.(Text)
	if isText {
		value = string(text)
	}
	if s, ok := value.(string); ok && len(s) > MaxTextBytes {
		return nil, fault.New(fault.QueryTooComplex, "the text has %d bytes, more than %d", len(s), MaxTextBytes)
	}
	v, err := f.CoerceOperand(value, isText)
	if err != nil {
		return nil, fault.Of(err).At("") // the path says where, from the filter's root
	}
	if v == nil {
		return nil, fault.New(fault.QueryBadValue, "null can't stand here; use isNull")
	}
	return v, nil
}

func listOf(value any) []any {
	switch v := value.(type) {
	case []any:
		return v
	case Text:
		parts := strings.Split(string(v), ",")
		items := make([]any, len(parts))
		for i, p := range parts {
			items[i] = Text(p)
		}
		return items
	}
	return []any{value}
}

func nullTest(f *schema.Field, test Test, op string, value any) (*Cond, error) {
	yes, ok := value.(bool)
	if t, isText := value.(Text); isText {
		yes, ok = t == "true", t == "true" || t == "false"
	}
	if !ok {
		return nil, fault.New(fault.QueryBadValue, "%s takes true or false", op).At(op)
	}
	if yes == (test == IsNull) {
		return &Cond{Test: IsNull, Field: f}, nil
	}
	return &Cond{Test: NotNull, Field: f}, nil
}

// attributeTypes are DynamoDB's names, as Amplify's clients send them.
var attributeTypes = []string{"binary", "binarySet", "bool", "list", "map", "number", "numberSet", "string", "stringSet", "_null"}

func typeTest(f *schema.Field, value any) (*Cond, error) {
	if t, ok := value.(Text); ok {
		value = string(t)
	}
	name, _ := value.(string)
	if !slices.Contains(attributeTypes, name) {
		return nil, fault.New(fault.QueryBadValue, "attributeType takes one of %s", strings.Join(attributeTypes, ", ")).At("attributeType")
	}
	switch name {
	case "_null":
		return &Cond{Test: IsNull, Field: f}, nil
	case attributeType(f):
		return &Cond{Test: NotNull, Field: f}, nil
	}
	return &Cond{Test: None}, nil
}

func attributeType(f *schema.Field) string {
	switch {
	case f.List:
		return "list"
	case f.Kind == schema.EmbeddedKind:
		return "map"
	case isNumber(f):
		return "number"
	case f.Kind == schema.ScalarKind && f.Scalar == schema.Boolean:
		return "bool"
	}
	return "string"
}

var (
	nullOperators   = []string{"isNull", "attributeExists", "attributeType"}
	orderOperators  = append([]string{"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "notIn"}, nullOperators...)
	textOperators   = append([]string{"contains", "notContains", "beginsWith", "size"}, orderOperators...)
	choiceOperators = append([]string{"eq", "ne", "in", "notIn"}, nullOperators...)
	listOperators   = append([]string{"contains", "notContains", "size"}, nullOperators...)
	objectOperators = append([]string{"size"}, nullOperators...) // of a list of objects or JSON, whose elements nothing compares
)

// Operators lists the operators that a filter on a stored field takes, for the
// doors that describe them.
func Operators(f *schema.Field) []string { return slices.Clone(operatorsOf(f)) }

// operatorsOf lists the operators that a field takes.
func operatorsOf(f *schema.Field) []string {
	isObject := f.Kind == schema.EmbeddedKind || f.Kind == schema.ScalarKind && f.Scalar == schema.JSON
	switch {
	case f.List && isObject:
		return objectOperators
	case f.List:
		return listOperators
	case isObject:
		return nullOperators
	case f.Kind == schema.EnumKind, f.Scalar == schema.Boolean:
		return choiceOperators
	case isNumber(f):
		return orderOperators
	}
	return textOperators
}

func canonicalOp(op string) string {
	switch op {
	case "lte":
		return "le"
	case "gte":
		return "ge"
	}
	return op
}

func unknownOperator(f *schema.Field, op string) error {
	ops := operatorsOf(f)
	return fault.New(fault.QueryUnknownOp, "%s has no operator %q; it takes %s%s",
		f.Name, clip(op), strings.Join(ops, ", "), schema.DidYouMean(op, ops)).At(clip(op))
}

// variable tells whether a rule's literal names a variable, and which.
func (b *filterBinder) variable(value any) (string, bool) {
	s, ok := value.(string)
	if !b.vars || !ok || !strings.HasPrefix(s, "$") || strings.HasPrefix(s, "$$") {
		return "", false
	}
	return s[1:], true
}

func unescape(value any) any {
	if s, ok := value.(string); ok && strings.HasPrefix(s, "$$") {
		return s[1:]
	}
	return value
}

var plainVars = []string{"user.id", "user.username", "user.email", "org.id", "user.groups", "user.roles", "user.teams"}

func variableOperand(f *schema.Field, test Test, name string) ([]Operand, error) {
	isClaim := strings.HasPrefix(name, string(VarClaims)) && len(name) > len(VarClaims)
	if !isClaim && !slices.Contains(plainVars, name) {
		return nil, fault.New(fault.QueryBadValue, "there is no variable $%s; there are $%s and $user.claims.<name>%s",
			clip(name), strings.Join(plainVars, ", $"), schema.DidYouMean(name, plainVars))
	}
	isList := slices.Contains([]Var{VarGroups, VarRoles, VarTeams}, Var(name))
	takesList := test == In || test == NotIn
	if !isClaim && isList != takesList {
		return nil, fault.New(fault.QueryBadValue, "$%s is %s", name,
			map[bool]string{true: "a list: use in or notIn", false: "one value: use eq, ne or contains"}[isList])
	}
	if attributeType(f) != "string" && attributeType(f) != "list" {
		return nil, fault.New(fault.QueryBadValue, "$%s is a text, and %s is not", name, f.Name)
	}
	return []Operand{{Var: Var(name)}}, nil
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }
