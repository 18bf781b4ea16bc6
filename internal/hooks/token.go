package hooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// The limits of claims. They travel with every request.
const (
	maxClaims     = 20
	maxClaimName  = 64   // bytes
	maxClaimsSize = 1024 // bytes of JSON
	maxClaimDepth = 2    // levels
)

// reserved are the claims that say who somebody is and for how long: Loam's own,
// and those that the standards give a meaning.
var reserved = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "kid", "alg", "cnf", "azp", "amr", "acr", "act", "may_act", "scope", "scp", "client_id", "auth_time", "nonce",
	"at_hash", "c_hash", "sid", "sub_jwk", "events", "org", "org_id", "orgs", "role", "roles", "groups", "teams", "permissions", "admin", "superuser", "session", "impersonator",
	"email", "email_verified", "phone_number", "phone_number_verified", "name", "username", "preferred_username", "user", "user_id", "anonymous", "readonly", "read_only", "key",
}

var errNoDecision = errors.New("the hook's answer has no allow")

// Token is whom a token is for.
type Token struct {
	UserID       string   `json:"userId"`
	Email        string   `json:"email,omitzero"`
	Name         string   `json:"name,omitzero"`
	Organization string   `json:"organization,omitzero"`
	Role         string   `json:"role,omitzero"`
	Groups       []string `json:"groups,omitempty"`
	SessionID    string   `json:"sessionId,omitzero"`
	Method       string   `json:"method,omitzero"`
	Client       string   `json:"client,omitzero"` // of the OpenID provider
}

// BeforeToken returns further claims for a token that is about to be made, or
// nil. A hook that can't be asked, or answers with claims that it may not set,
// is fault.AuthHookFailed: a token that lacks them might be let in where it
// must not. Not to be called inside a transaction.
func (h *Hooks) BeforeToken(ctx context.Context, to Token) (map[string]any, error) {
	if h == nil || h.beforeToken == nil {
		return nil, nil
	}
	body, err := h.encode("token.before_issue", to)
	if err != nil {
		return nil, failed(err)
	}
	text, err := h.beforeToken.call(ctx, newID(), h.now(), body)
	if err != nil {
		return nil, failed(err)
	}
	if len(text) == 0 {
		return nil, nil
	}
	var answer struct {
		Claims map[string]any `json:"claims"`
	}
	if err := read(text, &answer); err != nil {
		return nil, failed(err)
	}
	if err := checkClaims(answer.Claims); err != nil {
		return nil, failed(err)
	}
	return answer.Claims, nil
}

func checkClaims(claims map[string]any) error {
	if len(claims) > maxClaims {
		return fmt.Errorf("the hook answers with %d claims, more than %d", len(claims), maxClaims)
	}
	for name, value := range claims {
		if slices.Contains(reserved, strings.ToLower(name)) || strings.HasPrefix(strings.ToLower(name), "loam") {
			return fmt.Errorf("the hook sets the claim %q, which is not its own to set", name)
		}
		if name == "" || len(name) > maxClaimName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("the hook sets a claim named %q; a name has 1 to %d characters of ASCII", name, maxClaimName)
		}
		if depth(value) > maxClaimDepth {
			return fmt.Errorf("the hook's claim %q is nested deeper than %d", name, maxClaimDepth)
		}
	}
	text, err := json.Marshal(claims)
	if err == nil && len(text) > maxClaimsSize {
		err = fmt.Errorf("the hook's claims have %d bytes, more than %d", len(text), maxClaimsSize)
	}
	return err
}

// depth counts the levels of lists and objects.
func depth(value any) int {
	deepest := 0
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			deepest = max(deepest, depth(item))
		}
	case map[string]any:
		for _, item := range v {
			deepest = max(deepest, depth(item))
		}
	default:
		return 0
	}
	return deepest + 1
}
