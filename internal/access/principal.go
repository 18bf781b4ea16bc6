package access

import (
	"strings"

	"github.com/loam-dev/loam/internal/query"
)

// Kind tells what a caller showed.
type Kind uint8

// The kinds of caller.
const (
	Anonymous Kind = iota // nothing
	User                  // an access token
	APIKey                // an API key
	System                // the server itself, for what no caller asks; no rule speaks of it
	Superuser             // an admin of the server who asks for rows as such: in Org, all of them, whatever the rules say
)

// Principal is who asks: the caller as the server has verified it. It is
// immutable once made.
type Principal struct {
	Kind      Kind
	UserID    string
	Username  string // the id, unless an identity provider names one
	Email     string
	Org       string         // the active organization, "" without
	Role      string         // in Org; "" for a caller who is no member
	Teams     []string       // in Org, by their slugs: what rules name
	TeamIDs   []string       // the same teams by their ids: what rows refer to
	Groups    []string       // what `groups` rules compare
	Claims    map[string]any // further claims of the token, by name
	SessionID string
	Client    string   // the application that asks in the user's name; "" for the user
	Scopes    []string // what the user lets it do
	KeyID     string   // of the API key
	ReadOnly  bool     // an API key, an impersonated session or a Superuser that may only read
	Unproven  bool     // a Superuser who has not shown lately who they are, and so may only read
	// Impersonator is the subject of the admin who acts as the user, "" for nobody.
	Impersonator string
	Admin        bool // of the server
}

// Operator is who runs the server, by the command line of its own machine.
func Operator() *Principal { return &Principal{Kind: System, Username: "cli", Admin: true} }

// Superuser is an admin of the server as one who stands above the rules inside an
// organization, "" for the models that all share. It reads; see Writing.
func (p *Principal) Superuser(org string) *Principal {
	return &Principal{Kind: Superuser, UserID: p.UserID, Username: p.Username, Email: p.Email, Org: org, SessionID: p.SessionID, Admin: true, ReadOnly: true}
}

// Writing is a Superuser who may write, once proven.
func (p *Principal) Writing(proven bool) *Principal {
	out := *p
	out.ReadOnly, out.Unproven = false, !proven
	return &out
}

// Actor is the subject for the change log, which names also who acts as the user, and
// tells what an admin did as such.
func (p *Principal) Actor() string {
	if p.Kind == Superuser {
		return "user:" + p.UserID + " as admin"
	}
	if p.Impersonator == "" {
		return p.Subject()
	}
	return p.Impersonator + " as " + p.Subject()
}

// Subject names the caller for audit and for what is bound to a caller:
// "user:<id>", "key:<id>", "admin:<id>" for a Superuser, "system", "system:cli" or
// "anonymous".
func (p *Principal) Subject() string {
	switch p.Kind {
	case User:
		return "user:" + p.UserID
	case APIKey:
		return "key:" + p.KeyID
	case Superuser:
		return "admin:" + p.UserID
	case System:
		if p.Username != "" {
			return "system:" + p.Username
		}
		return "system"
	}
	return "anonymous"
}

// Value is what a variable of a rule stands for: a string, or []any for the
// lists; nil where the caller has none.
func (p *Principal) Value(v query.Var) any {
	if p.Kind != User {
		if v == query.VarOrgID {
			return orNil(p.Org)
		}
		return nil
	}
	switch v {
	case query.VarUserID:
		return orNil(p.UserID)
	case query.VarUsername:
		return orNil(p.Username)
	case query.VarEmail:
		return orNil(p.Email)
	case query.VarOrgID:
		return orNil(p.Org)
	case query.VarGroups:
		return listOf(p.Groups)
	case query.VarTeams:
		return listOf(p.TeamIDs)
	case query.VarRoles:
		if p.Role == "" {
			return nil
		}
		return []any{p.Role}
	}
	return claim(p.Claims[strings.TrimPrefix(string(v), string(query.VarClaims))])
}

// claim keeps of a claim what a rule can compare: a text or a list of texts.
func claim(v any) any {
	switch v := v.(type) {
	case string:
		return orNil(v)
	case []string:
		return listOf(v)
	case []any:
		for _, e := range v {
			if _, ok := e.(string); !ok {
				return nil
			}
		}
		if len(v) > 0 {
			return v
		}
	}
	return nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func listOf(items []string) any {
	if len(items) == 0 {
		return nil
	}
	out := make([]any, len(items))
	for i, s := range items {
		out[i] = s
	}
	return out
}
