package provider

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/loam-dev/loam/internal/access"
	"github.com/loam-dev/loam/internal/config"
	"github.com/loam-dev/loam/internal/fault"
	"github.com/loam-dev/loam/internal/form"
	"github.com/loam-dev/loam/internal/store"
	"github.com/loam-dev/loam/internal/tokens"
)

// request is an authorization request that has passed its checks.
type request struct {
	client    config.Client
	redirect  string
	state     string
	nonce     string
	challenge string
	scope     string
	prompt    []string
	maxAge    time.Duration // -1 where any sign-in will do
	hint      string        // whom an ID token says the client means; "" for anybody
}

// refusal is an answer that goes to the client by its redirect.
type refusal struct{ name, why string }

var challengeForm = form.Pattern(`^[A-Za-z0-9_-]{43}$`)

// Authorize takes an authorization request and says where the browser goes: to
// the client, with a code or with an error, or before that to sign in or to be
// asked for consent. It refuses where the client or the redirect is not known, as
// nothing may be sent there.
func (s *Service) Authorize(ctx context.Context, p *access.Principal, asked url.Values) (string, error) {
	r, err := s.knownClient(asked)
	if err != nil {
		return "", err
	}
	if no := s.read(&r, asked); no != nil {
		return s.back(r, "error", no.name, "error_description", no.why), nil
	}
	silent := slices.Contains(r.prompt, "none")
	known, err := s.signedIn(ctx, p, r, asked)
	switch {
	case fault.Is(err, fault.AuthNotAllowed):
		return s.back(r, "error", "access_denied", "error_description", "only users themselves sign in to an application"), nil
	case err != nil:
		return "", err
	case !known && silent:
		return s.back(r, "error", "login_required", "error_description", "the user has to sign in"), nil
	case !known:
		return s.toSignIn(r, asked), nil
	}
	agreed, err := s.agreed(ctx, p.UserID, r)
	if err != nil {
		return "", err
	}
	if !agreed && silent {
		return s.back(r, "error", "consent_required", "error_description", "the user has to be asked"), nil
	}
	return s.keep(ctx, p, r, agreed)
}

// knownClient reads what says where an answer may go.
func (s *Service) knownClient(asked url.Values) (request, error) {
	if len(asked["client_id"]) != 1 || len(asked["redirect_uri"]) != 1 {
		return request{}, fault.New(fault.ProviderRedirect, "the request needs client_id and redirect_uri, each once")
	}
	client, ok := s.client(asked.Get("client_id"))
	if !ok {
		return request{}, fault.New(fault.ProviderUnknownClient, "no application has this client_id: name it in auth.clients of loam.yaml")
	}
	redirect := asked.Get("redirect_uri")
	if !mayReturn(client, redirect) {
		return request{}, fault.New(fault.ProviderRedirect, "the redirect_uri is none of the application's: add it to auth.clients.%s.redirects of loam.yaml, exactly as it is sent", client.ID)
	}
	return request{client: client, redirect: redirect, state: asked.Get("state")}, nil
}

// read checks the rest of a request, in which every parameter stands once.
func (s *Service) read(r *request, asked url.Values) *refusal {
	for name, values := range asked {
		if len(values) > 1 {
			return &refusal{"invalid_request", "a parameter is there more than once: " + printable(name)}
		}
	}
	r.nonce, r.challenge, r.maxAge = asked.Get("nonce"), asked.Get("code_challenge"), -1
	r.prompt = strings.Fields(asked.Get("prompt"))
	age, err := strconv.Atoi(asked.Get("max_age"))
	switch {
	case asked.Has("request"):
		return &refusal{"request_not_supported", "send the parameters by themselves"}
	case asked.Has("request_uri"):
		return &refusal{"request_uri_not_supported", "send the parameters by themselves"}
	case asked.Get("response_type") != "code":
		return &refusal{"unsupported_response_type", "response_type is code"}
	case asked.Has("response_mode") && asked.Get("response_mode") != "query":
		return &refusal{"invalid_request", "response_mode is query"}
	case asked.Get("code_challenge_method") != "S256" || !challengeForm().MatchString(r.challenge):
		return &refusal{"invalid_request", "PKCE is required: send code_challenge, 43 characters of base64url, with code_challenge_method=S256"}
	case len(r.state) > maxState || len(r.nonce) > maxNonce:
		r.state = r.state[:min(len(r.state), maxState)]
		return &refusal{"invalid_request", "state has at most 2048 bytes, and nonce 255"}
	case slices.Contains(r.prompt, "none") && len(r.prompt) > 1:
		return &refusal{"invalid_request", "prompt=none stands alone"}
	case asked.Has("max_age") && (err != nil || age < 0 || age > 1<<30):
		return &refusal{"invalid_request", "max_age is a number of seconds"}
	case asked.Has("max_age"):
		r.maxAge = time.Duration(age) * time.Second
	}
	if hint := asked.Get("id_token_hint"); hint != "" {
		said, err := s.readHint(hint)
		if err != nil {
			return &refusal{"invalid_request", "the id_token_hint is no ID token of this server"}
		}
		r.hint = said.Subject
	}
	return r.readScope(asked.Get("scope"))
}

// readScope keeps of a scope what this server knows; what the client may not ask
// for is refused.
func (r *request) readScope(text string) *refusal {
	if len(text) > maxScope {
		return &refusal{"invalid_scope", "scope has at most 1000 bytes"}
	}
	var kept []string
	for _, scope := range strings.Fields(text) {
		if !slices.Contains(scopes(), scope) || slices.Contains(kept, scope) {
			continue
		}
		if len(r.client.Scopes) > 0 && !slices.Contains(r.client.Scopes, scope) {
			return &refusal{"invalid_scope", "this application may not ask for the scope " + scope}
		}
		kept = append(kept, scope)
	}
	if len(kept) == 0 {
		return &refusal{"invalid_scope", "ask for at least one scope of " + strings.Join(scopes(), ", ")}
	}
	r.scope = strings.Join(kept, " ")
	return nil
}

// signedIn tells whether the caller is signed in as the request wants it: in a
// session of their own, and lately where it asks for that.
func (s *Service) signedIn(ctx context.Context, p *access.Principal, r request, asked url.Values) (bool, error) {
	if p.Kind != access.User || r.hint != "" && r.hint != p.UserID {
		return false, nil
	}
	proved, err := s.auth.Own(ctx, p)
	if fault.Is(err, fault.AuthRevoked) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if since, ok := s.askedAt(asked); ok && proved >= form.Stamp(since) {
		return true, nil
	}
	again := slices.Contains(r.prompt, "login") || slices.Contains(r.prompt, "select_account")
	return !again && (r.maxAge < 0 || proved > form.Stamp(s.now().Add(-r.maxAge))), nil
}

// toSignIn is the sign-in page, which leads back to the request. The request says
// when it was first made, so that a sign-in since then is the one that it asks for.
func (s *Service) toSignIn(r request, asked url.Values) string {
	asked.Del("loam_asked")
	at := strconv.FormatInt(s.now().UnixMilli(), 10)
	asked.Set("loam_asked", at+"."+s.askedProof(at, asked))
	to := url.Values{"return_to": {authorizePath + "?" + asked.Encode()}}
	if len(r.prompt) > 0 || r.maxAge >= 0 {
		to.Set("prompt", "login")
	}
	return signInPath + "?" + to.Encode()
}

// askedAt is when a request was first made, where it waited for a sign-in.
func (s *Service) askedAt(asked url.Values) (time.Time, bool) {
	at, proof, _ := strings.Cut(asked.Get("loam_asked"), ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || subtle.ConstantTimeCompare([]byte(proof), []byte(s.askedProof(at, asked))) != 1 {
		return time.Time{}, false
	}
	since := time.UnixMilli(ms)
	return since, s.now().Sub(since) < signInLife
}

func (s *Service) askedProof(at string, asked url.Values) string {
	rest := url.Values{}
	for name, values := range asked {
		if name != "loam_asked" {
			rest[name] = values
		}
	}
	return base64.RawURLEncoding.EncodeToString(s.asked.Sum([]byte(at), []byte(rest.Encode())))
}

// keep stores an authorization: one that is answered with its code, or a question
// of consent with its ticket.
func (s *Service) keep(ctx context.Context, p *access.Principal, r request, agreed bool) (string, error) {
	ticket, now := tokens.Secret(), s.now()
	var code string
	var stored, decided any
	life := requestLife
	if agreed {
		code, life = tokens.Secret(), codeLife
		stored, decided = tokens.Digest(code), form.Stamp(now)
	}
	err := s.engine.Write(ctx, func(c store.Conn) error {
		if _, err := c.Exec(`INSERT INTO "_authorizations" ("id", "ticket", "user_id", "session", "client", "redirect", "scope", "state", "nonce",
			"challenge", "code", "created_at", "expires_at", "decided_at") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
			newID(), tokens.Digest(ticket), p.UserID, p.SessionID, r.client.ID, r.redirect, r.scope, r.state, r.nonce,
			r.challenge, stored, form.Stamp(now), form.Stamp(now.Add(life)), decided); err != nil {
			return err
		}
		_, err := c.Exec(`DELETE FROM "_authorizations" WHERE "user_id" = ?1 AND "id" <= (SELECT "id" FROM "_authorizations"
			WHERE "user_id" = ?1 ORDER BY "id" DESC LIMIT 1 OFFSET ?2)`, p.UserID, maxKept)
		return err
	})
	if err != nil {
		return "", wrap("keeping an authorization", err)
	}
	if agreed {
		return s.back(r, "code", code), nil
	}
	return consentPath + "?request=" + ticket, nil
}

// back is the client's redirect with an answer, and with who answers (RFC 9207).
func (s *Service) back(r request, pairs ...string) string {
	answer := url.Values{"iss": {s.issuer}}
	if r.state != "" {
		answer.Set("state", r.state)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		answer.Set(pairs[i], pairs[i+1])
	}
	return withQuery(r.redirect, answer)
}

// withQuery adds parameters to an address, which keeps all that it had.
func withQuery(to string, more url.Values) string {
	if len(more) == 0 {
		return to
	}
	mark := "?"
	if strings.Contains(to, "?") {
		mark = "&"
	}
	return to + mark + more.Encode()
}

// printable keeps of a text of a caller's what an error may say.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, text[:min(len(text), 40)])
}
