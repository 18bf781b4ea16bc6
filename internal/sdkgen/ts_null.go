package sdkgen

import (
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// The kinds of relation, as the runtime's types have them.
const (
	relationOne    = "one"    // the related row is there, and shown to whoever may ask for it
	relationMaybe  = "maybe"  // or null
	relationMany   = "many"   // a list
	relationMasked = "masked" // a list, or null in the rows where a rule keeps the relation itself
)

// relationKind tells what an answer has of a relation that is included. Who may read
// nothing of the target gets an error, for they asked for it; it is null where there is no
// row, where the rules hide that row from somebody to whom they show others, and where
// they hide the relation.
func relationKind(f *schema.Field) string {
	r := f.Relation
	masked := f.Rules != nil || ruled(r.From)
	switch {
	case r.ToMany() && masked:
		return relationMasked
	case r.ToMany():
		return relationMany
	case r.Type == schema.BelongsTo && required(r.From) && !masked && whole(r.Target):
		return relationOne
	}
	return relationMaybe
}

func ruled(fields []*schema.Field) bool {
	return slices.ContainsFunc(fields, func(f *schema.Field) bool { return f.Rules != nil })
}

func required(fields []*schema.Field) bool {
	return !slices.ContainsFunc(fields, func(f *schema.Field) bool { return !f.Required })
}

// whole tells whether who may get any row of a model may get every one: whomever a rule
// with a condition lets in, another one without lets in as well. Of a user, who may have
// left, that is never sure.
func whole(m *schema.Model) bool {
	if m.ReadOnly {
		return false
	}
	for _, rule := range m.Rules {
		if rule.Ops&schema.Get == 0 || unconditional(rule) {
			continue
		}
		for _, kind := range callers(rule) {
			if !slices.ContainsFunc(m.Rules, func(all *schema.Rule) bool {
				return all.Ops&schema.Get != 0 && unconditional(all) && admits(all, kind, m.Scope == schema.Tenant)
			}) {
				return false
			}
		}
	}
	return true
}

// unconditional tells a rule that shows all rows to whom it applies.
func unconditional(r *schema.Rule) bool {
	switch r.Allow {
	case schema.AllowPublic, schema.AllowPrivate, schema.AllowMember:
		return true
	case schema.AllowGroups:
		return r.GroupsField == nil
	}
	return false
}

// caller is a kind of caller: as of access.Principal.
type caller uint8

const (
	anonymous caller = iota
	withKey
	signedInUser
)

// callers are the kinds that a rule may be about.
func callers(r *schema.Rule) []caller {
	if r.Allow != schema.AllowPublic && r.Allow != schema.AllowWhere {
		return []caller{signedInUser}
	}
	switch r.Provider {
	case "apiKey":
		return []caller{withKey}
	case "iam", "identityPool":
		return []caller{anonymous, withKey, signedInUser}
	}
	return []caller{signedInUser}
}

// admits tells whether a rule applies to every caller of a kind. Who reads rows of an
// organization as a user is its member.
func admits(r *schema.Rule, kind caller, inOrganization bool) bool {
	switch r.Allow {
	case schema.AllowPublic:
		return slices.Contains(callers(r), kind)
	case schema.AllowPrivate:
		return kind == signedInUser
	case schema.AllowMember:
		return kind == signedInUser && inOrganization && len(r.Roles) == 0 && len(r.Teams) == 0
	}
	return false
}
