package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Issuer is an OpenID issuer whose user is always signed in and always agrees,
// and that says what a test wants said, right or wrong. Change its fields between
// requests only.
type Issuer struct {
	*httptest.Server
	User      map[string]any                       // claims of who signs in
	Claims    func(claims map[string]any)          // changes an ID token's claims before they are signed
	Sign      func(payload []byte) string          // nil: with Key, as it should be
	Discovery func(document map[string]any)        // changes the discovery document
	UserInfo  map[string]any                       // what the userinfo endpoint says; nil: there is none
	Key       *ecdsa.PrivateKey                    // of kid "1"
	KeysRead  int                                  // how often the keys were asked for
	Form      func(parameters url.Values)          // sees and changes what goes back to the client
	Token     func(form url.Values, h http.Header) // sees each token request

	t      testing.TB
	mu     sync.Mutex
	grants map[string]url.Values // authorization requests by code
}

// NewIssuer starts an issuer on a loopback address; it ends with the test.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{t: t, Key: key, grants: map[string]url.Values{}, User: map[string]any{"sub": "1", "email": "ada@example.com", "email_verified": true, "name": "Ada"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /authorize", i.authorize)
	mux.HandleFunc("POST /token", i.token)
	mux.HandleFunc("GET /jwks", i.jwks)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) { answer(w, i.UserInfo) })
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{
		"issuer": i.URL, "authorization_endpoint": i.URL + "/authorize", "token_endpoint": i.URL + "/token", "jwks_uri": i.URL + "/jwks",
		"id_token_signing_alg_values_supported": []string{"ES256"}, "response_types_supported": []string{"code"},
		"authorization_response_iss_parameter_supported": true,
	}
	if i.UserInfo != nil {
		document["userinfo_endpoint"] = i.URL + "/userinfo"
	}
	if i.Discovery != nil {
		i.Discovery(document)
	}
	answer(w, document)
}

func (i *Issuer) authorize(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	code := rand.Text()
	i.mu.Lock()
	i.grants[code] = asked
	i.mu.Unlock()
	back := url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {i.URL}}
	if i.Form != nil {
		i.Form(back)
	}
	http.Redirect(w, r, asked.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if i.Token != nil {
		i.Token(r.PostForm, r.Header)
	}
	i.mu.Lock()
	asked := i.grants[r.PostForm.Get("code")]
	delete(i.grants, r.PostForm.Get("code"))
	i.mu.Unlock()
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	if asked == nil || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || asked.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		answer(w, map[string]string{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims := map[string]any{"iss": i.URL, "aud": asked.Get("client_id"), "exp": now.Add(time.Minute).Unix(), "iat": now.Unix(), "nonce": asked.Get("nonce")}
	maps.Copy(claims, i.User)
	if i.Claims != nil {
		i.Claims(claims)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		i.t.Error(err)
	}
	sign := i.Sign
	if sign == nil {
		sign = func(payload []byte) string { return Sign(i.t, jose.ES256, i.Key, "1", payload) }
	}
	answer(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": sign(payload)})
}

func (i *Issuer) jwks(w http.ResponseWriter, _ *http.Request) {
	i.KeysRead++
	answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.Key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
}

// Sign makes a token of a payload.
func Sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, payload []byte) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Error(err)
		return ""
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Error(err)
		return ""
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Error(err)
	}
	return token
}

// Follow asks for a URL as a browser does, and returns where it is sent.
func Follow(t testing.TB, to string) *url.URL {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	sent, err := res.Location()
	if err != nil {
		t.Fatalf("%s: %s: %v", to, res.Status, err)
	}
	return sent
}
