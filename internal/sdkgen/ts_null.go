package sdkgen

import (
	"slices"

	"github.com/loam-dev/loam/internal/schema"
)

// The kinds of relation, as the runtime's types have them.
const (
	relationOne    = "one"    // the related row is there, and shown to whoever sees this one
	relationMaybe  = "maybe"  // or null
	relationMany   = "many"   // a list
	relationMasked = "masked" // a list, or null to those whom no rule shows any row of it
)

// relationKind tells what an answer has of a relation that is included. It is null
// where there is none, and where the rules show the caller none: the types say so
// unless it can't happen.
func relationKind(m *schema.Model, f *schema.Field) string {
	r := f.Relation
	target := r.Target
	open := f.Rules == nil && !ruled(r.From) && !ruled(r.To) && (target.Scope == schema.Global || m.Scope == schema.Tenant)
	if r.ToMany() {
		if open && covers(m, target, schema.List, false) {
			return relationMany
		}
		return relationMasked
	}
	// Whoever was a member when a row was made may have left.
	if r.Type == schema.BelongsTo && !target.ReadOnly && open && required(r.From) && covers(m, target, schema.Get, true) {
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

// covers tells whether every caller who may read a row of m may also read the
// target's: all rows of it, or those of it that the rules show, if any.
func covers(m, target *schema.Model, op schema.Operation, all bool) bool {
	for _, rule := range m.Rules {
		if rule.Ops&schema.Read == 0 {
			continue
		}
		for _, kind := range callers(rule) {
			if !slices.ContainsFunc(target.Rules, func(t *schema.Rule) bool {
				return t.Ops&op != 0 && admits(t, rule, kind, m.Scope == schema.Tenant) && (!all || unconditional(t))
			}) {
				return false
			}
		}
	}
	return true
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

// admits tells whether rule t applies to every caller of a kind to whom rule r
// does. Who reads rows of an organization as a user is its member.
func admits(t, r *schema.Rule, kind caller, inOrganization bool) bool {
	switch t.Allow {
	case schema.AllowPublic:
		return slices.Contains(callers(t), kind)
	case schema.AllowPrivate:
		return kind == signedInUser
	case schema.AllowOwner:
		return kind == signedInUser && t.IdentityClaim == ""
	case schema.AllowMember:
		sameRoles := len(t.Roles) == 0 || r.Allow == schema.AllowMember && len(r.Roles) > 0 &&
			!slices.ContainsFunc(r.Roles, func(role string) bool { return !slices.Contains(t.Roles, role) })
		return kind == signedInUser && inOrganization && len(t.Teams) == 0 && sameRoles
	}
	return false
}

// unconditional tells a rule that shows all rows.
func unconditional(r *schema.Rule) bool {
	return r.Allow == schema.AllowPublic || r.Allow == schema.AllowPrivate || r.Allow == schema.AllowMember
}
