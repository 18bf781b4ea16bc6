package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/loam-dev/loam/internal/fault"
)

// algorithms are those that an ID token may be signed with: asymmetric ones, so
// that no public value is ever taken for a secret, and never "none".
func algorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}
}

// keySet is the published keys of one issuer. It is what go-oidc calls a KeySet,
// with three rules more: a key that names its algorithm or use is good for no
// other, a token without a kid is refused where there are several keys, and
// unknown kids make the keys be read again at most every keysEvery.
type keySet struct {
	url  string
	http *http.Client
	now  func() time.Time

	mu   sync.Mutex
	keys []jose.JSONWebKey
	read time.Time

	failed error // of the last attempt to read them, for those who wait behind it
	tried  time.Time
}

// VerifySignature returns the payload of a token that one of the keys signed.
func (k *keySet) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, algorithms())
	if err != nil {
		return nil, err
	}
	if len(jws.Signatures) != 1 {
		return nil, errors.New("the token has not one signature")
	}
	header := jws.Signatures[0].Protected
	key, err := k.key(ctx, header.KeyID, header.Algorithm)
	if err != nil {
		return nil, err
	}
	return jws.Verify(key.Key)
}

// key returns the key to verify with. Reading the keys is one caller's work while
// the others wait: they would ask for the same.
func (k *keySet) key(ctx context.Context, id, algorithm string) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, err := choose(k.keys, id, algorithm)
	age := k.now().Sub(k.read)
	if err == nil && age < metadataLife || err != nil && age < keysEvery {
		return key, err
	}
	if k.failed != nil && k.now().Sub(k.tried) < keysRetry {
		return key, k.failed
	}
	keys, failed := k.fetch(ctx)
	if failed != nil {
		if ctx.Err() == nil { // not the caller's own leaving
			k.failed, k.tried = failed, k.now()
		}
		return key, failed
	}
	k.keys, k.read, k.failed = keys, k.now(), nil
	return choose(keys, id, algorithm)
}

// choose picks the one key of that id.
func choose(keys []jose.JSONWebKey, id, algorithm string) (jose.JSONWebKey, error) {
	var fits []jose.JSONWebKey
	for _, key := range keys {
		if (id == "" || key.KeyID == id) && (key.Algorithm == "" || key.Algorithm == algorithm) {
			fits = append(fits, key)
		}
	}
	if len(fits) != 1 {
		return jose.JSONWebKey{}, fmt.Errorf("%d keys of the issuer have kid %q and may sign %s", len(fits), shorten(id), algorithm)
	}
	return fits[0], nil
}

// fetch reads the keys; those that can't sign are left out.
func (k *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, k.http, k.url, nil, &document); err != nil {
		return nil, unreachable(err)
	}
	if len(document.Keys) > maxKeySet {
		return nil, unreachable(fmt.Errorf("%s has more than %d keys", k.url, maxKeySet))
	}
	var keys []jose.JSONWebKey
	for _, raw := range document.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(raw, &key); err != nil {
			continue // of a type that is not served
		}
		signs := key.Algorithm == "" || slices.Contains(algorithms(), jose.SignatureAlgorithm(key.Algorithm))
		if key.Valid() && key.IsPublic() && key.Use != "enc" && signs {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// attempt verifies one token, and tells keys that can't be read from a signature
// that does not hold: go-oidc makes one error of both.
type attempt struct {
	keys   *keySet
	unread error
}

// VerifySignature is the key set's.
func (a *attempt) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := a.keys.VerifySignature(ctx, token)
	if fault.Is(err, fault.FederationUnreachable) {
		a.unread = err
	}
	return payload, err
}
