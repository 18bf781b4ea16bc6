package federation

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/loam-dev/loam/internal/auth"
)

const (
	appleIssuer     = "https://appleid.apple.com"
	appleSecretLife = 5 * time.Minute // of a client secret, which is made for each call
)

// apple is Sign in with Apple. It answers by a form that it posts, takes a client
// secret that is a token signed with the developer's key, and sends
// email_verified as a boolean or as a text: from Apple itself, both count.
func (s *Service) apple(p Provider) (way, error) {
	key, err := appleKey(string(p.PrivateKey))
	if err != nil || p.TeamID == "" || p.KeyID == "" {
		return nil, misconfigured("the provider %q needs teamId, keyId and privateKey, the whole text of the .p8 file", p.Name)
	}
	o := s.issuedBy(p, appleIssuer)
	o.scopes = append([]string{"openid", "email", "name"}, p.Scopes...)
	o.formPost = true
	o.anew = nil // it asks each time
	o.secret = func() (auth.Secret, error) { return appleSecret(p, key, s.now()) }
	o.verified = func(c claims) bool { return c.vouched() || string(c.EmailVerified) == `"true"` }
	return appleWay{o}, nil
}

// appleWay is the issuer with the name that Apple sends beside the ID token, once,
// at the first sign-in. It is not signed: it is a name to show and nothing else.
type appleWay struct{ *openID }

func (a appleWay) identify(ctx context.Context, t trip, answer url.Values) (Identity, error) {
	who, err := a.openID.identify(ctx, t, answer)
	if err != nil || who.Name != "" {
		return who, err
	}
	var user struct {
		Name struct {
			First string `json:"firstName"`
			Last  string `json:"lastName"`
		} `json:"name"`
	}
	if json.Unmarshal([]byte(answer.Get("user")), &user) == nil {
		who.Name = strings.TrimSpace(user.Name.First + " " + user.Name.Last)
	}
	return who, nil
}

// appleKey reads the .p8 file.
func appleKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, misconfigured("privateKey is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, misconfigured("privateKey is not a P-256 key")
	}
	return key, nil
}

// appleSecret makes a client secret: https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
func appleSecret(p Provider, key *ecdsa.PrivateKey, now time.Time) (auth.Secret, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", p.KeyID))
	if err != nil {
		return "", wrap("signing for Apple", err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: p.TeamID, Subject: p.ClientID, Audience: jwt.Audience{appleIssuer},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(appleSecretLife)),
	}).Serialize()
	return auth.Secret(token), wrap("signing for Apple", err)
}
