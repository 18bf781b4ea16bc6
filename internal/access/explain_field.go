package access

import (
	"fmt"
	"slices"

	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/query"
	"github.com/loam-dev/loam/internal/schema"
)

// FieldExplained is what becomes of one field.
type FieldExplained struct {
	Name  string          `json:"name"`
	Own   bool            `json:"own"`   // has rules of its own, or stands on a key that has
	Read  Decision        `json:"read"`  // of a write: to read it afterwards, as a get does
	Write *Decision       `json:"write"` // of create and update; nil of a relation, which is written by its key
	Rules []RuleExplained `json:"rules"` // its own
}

// field explains one, by the decisions about the row and about reading it.
func (x *explainer) field(f *schema.Field, of, readable Decision) FieldExplained {
	out := FieldExplained{Name: f.Name, Rules: []RuleExplained{}}
	for _, own := range standsOn(f) {
		rules, has := x.models[x.m].fields[own]
		out.Own = out.Own || has
		for i := range rules {
			out.Rules = append(out.Rules, x.rule(&rules[i], x.op))
		}
	}
	op := x.op
	if op&writes != 0 {
		op = schema.Get
	}
	out.Read = x.read(f, op, readable)
	if x.op&(schema.Create|schema.Update) != 0 && f.Relation == nil {
		write := x.write(f, of)
		out.Write = &write
	}
	return out
}

// read decides whether a field is shown of a row about which that is decided.
func (x *explainer) read(f *schema.Field, op schema.Operation, row Decision) Decision {
	d := x.both(row, x.fieldRules(f, standsOn(f), op), "the row is not shown")
	if f.Relation == nil || d.Verdict == Refused {
		return d
	}
	return x.through(f, d)
}

// through is read for what a relation leads to: rows under rules of their own.
func (x *explainer) through(f *schema.Field, d Decision) Decision {
	target, op := f.Relation.Target, schema.Get
	if f.Relation.ToMany() {
		op = schema.List
	}
	v, err := x.Policy.model(target, x.by, op)
	link := x.linked(f, x.by, op)
	switch {
	case err != nil && fault.Is(err, fault.AccessDenied):
		return x.lacking(Decision{Verdict: Refused, Why: fmt.Sprintf("no rule of %s lets them %s", target.Name, doing(op))}, x.models[target].rules, op)
	case err != nil:
		return Decision{Verdict: Refused, Why: x.inTheirPlace(target, err)}
	case !link.allowed:
		return Decision{Verdict: Refused, Why: fmt.Sprintf("they may not read what it stands on: %s of %s", f.Relation.To[0].Name, target.Name)}
	}
	cond := query.AllOf(v.cond, link.cond)
	switch {
	case cond == nil:
		return d
	case f.Relation.ToMany():
		d.Why += fmt.Sprintf("; of its rows those where %s", conditionInWords(cond))
		return d
	}
	which := fmt.Sprintf("the %s is one that they may get only where %s", target.Name, conditionInWords(cond))
	switch x.ask(&query.Cond{Test: query.Related, Field: f, Kids: []*query.Cond{cond}}) {
	case Refused:
		return Decision{Verdict: Refused, Why: which + "; that is not so, or there is none"}
	case Depends:
		return Decision{Verdict: Depends, Why: which}
	}
	d.Why += "; " + which
	return d
}

// write decides whether a field may be given a value; of is the decision about the row.
func (x *explainer) write(f *schema.Field, of Decision) Decision {
	switch {
	case of.Verdict == Refused:
		return Decision{Verdict: Refused, Why: "the row is refused: " + of.Why}
	case f.ReadOnly:
		return Decision{Verdict: Refused, Why: "the server sets it"}
	case x.op == schema.Update && slices.Contains(x.m.Key, f):
		return Decision{Verdict: Refused, Why: "it is part of the key, which does not change"}
	}
	return x.references(f, x.both(of, x.fieldRules(f, []*schema.Field{f}, x.op), "the row is refused"))
}

// references adds to a decision to write a field what it refers to.
func (x *explainer) references(f *schema.Field, d Decision) Decision {
	for _, ref := range x.Policy.refs[x.m] {
		if d.Verdict != Refused && slices.Contains(ref.Relation.From, f) {
			d = x.refers(f, ref, d)
		}
	}
	return d
}

// refers is write for the key of a reference: who sets it must be able to get the target.
func (x *explainer) refers(f, ref *schema.Field, d Decision) Decision {
	target := ref.Relation.Target
	v, err := x.Policy.model(target, x.by, schema.Get)
	switch {
	case x.about.New != nil && sets(x.about.New, ref.Relation):
		return x.refersNow(ref, v, err, d)
	case err != nil && f.Required:
		return Decision{Verdict: Refused, Why: fmt.Sprintf("it refers to a %s, and no rule lets them get one", target.Name)}
	case err != nil:
		return Decision{Verdict: Depends, Why: fmt.Sprintf("it can only be emptied: it refers to a %s, and no rule lets them get one", target.Name)}
	case v.cond != nil:
		return Decision{Verdict: Depends, Why: fmt.Sprintf("it depends on the %s that it names: where %s", target.Name, conditionInWords(v.cond))}
	}
	return d
}

// refersNow is refers where it is known which row is named.
func (x *explainer) refersNow(ref *schema.Field, v verdict, refused error, d Decision) Decision {
	target := ref.Relation.Target
	met := Refused
	if refused == nil {
		met = x.ask(&query.Cond{Test: query.Related, Field: ref, Kids: []*query.Cond{query.AllOf(&query.Cond{Test: query.All}, v.cond)}})
	}
	switch {
	case met == Allowed:
		return d
	case met == Refused && (refused != nil || target != x.m): // a row may name itself, and is not there yet
		return Decision{Verdict: Refused, Why: fmt.Sprintf("there is no such %s, or none that they may get", target.Name)}
	}
	return Decision{Verdict: Depends, Why: fmt.Sprintf("it depends on the %s that it names", target.Name)}
}

// both is what two decisions allow together, of which the first is about the row.
func (x *explainer) both(row Decision, own *Decision, without string) Decision {
	switch {
	case row.Verdict == Refused:
		return Decision{Verdict: Refused, Why: without + ": " + row.Why}
	case own == nil && row.Verdict == Depends:
		return Decision{Verdict: Depends, Why: "it has no rules of its own, and goes with the row; " + row.Why}
	case own == nil:
		return Decision{row.Verdict, "it has no rules of its own, and goes with the row", row.Rule}
	case own.Verdict == Allowed && row.Verdict == Depends:
		return Decision{Depends, own.Why + "; " + row.Why, own.Rule}
	}
	return *own
}

// fieldRules decides by the rules of a field and of the keys that it stands on, each of
// which has to allow it; nil where none has rules of its own.
func (x *explainer) fieldRules(f *schema.Field, on []*schema.Field, op schema.Operation) *Decision {
	var out *Decision
	for _, own := range on {
		rules, has := x.models[x.m].fields[own]
		if !has {
			continue
		}
		d := x.decide(rules, x.own(own, x.by, op), op, x.row)
		if own != f {
			d.Why = "of " + own.Name + ", which it stands on: " + d.Why
		}
		if rank := map[Outcome]int{Allowed: 1, Depends: 2, Refused: 3}; out == nil || rank[d.Verdict] > rank[out.Verdict] {
			out = &d
		}
	}
	return out
}

// created is the decision about a new row with what its fields have to say. What the
// caller did not write is asked nothing but what it refers to.
func (x *explainer) created(d Decision, fields []FieldExplained) Decision {
	for _, a := range x.about.New.Set {
		w := Decision{Verdict: Allowed}
		if i := slices.IndexFunc(fields, func(e FieldExplained) bool { return e.Name == a.Field.Name }); i >= 0 && !a.Implied {
			w = *fields[i].Write
		} else if i >= 0 {
			w = x.references(a.Field, w)
		}
		if w.Verdict == Refused && d.Verdict != Refused || w.Verdict == Depends && d.Verdict == Allowed {
			d = Decision{Verdict: w.Verdict, Why: a.Field.Name + ": " + w.Why}
		}
	}
	return d
}

// standsOn are the field itself and the keys that a relation stands on.
func standsOn(f *schema.Field) []*schema.Field {
	if r := f.Relation; r != nil && !heldByTarget(f.Model, r) {
		return append([]*schema.Field{f}, r.From...)
	}
	return []*schema.Field{f}
}
