package auth

import (
	"context"
	"encoding/json"

	"github.com/go-jose/go-jose/v4"
)

// RotateKeys signs from now on with new keys. The old ones verify until the last
// token that they signed has expired.
func (s *Service) RotateKeys(ctx context.Context) error {
	if err := s.keys.Rotate(ctx); err != nil || s.idKeys == nil {
		return err
	}
	return s.idKeys.Rotate(ctx)
}

// ReloadKeys reads the keys again: to call when another node has changed them.
func (s *Service) ReloadKeys(ctx context.Context) error {
	if err := s.keys.Reload(ctx); err != nil || s.idKeys == nil {
		return err
	}
	return s.idKeys.Reload(ctx)
}

// JWKS is the document at /.well-known/jwks.json: the public half of every live
// key, those of ID tokens among them.
func (s *Service) JWKS() []byte {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	s.keys.Publish(&set)
	if s.idKeys != nil {
		s.idKeys.Publish(&set)
	}
	document, err := json.Marshal(set)
	if err != nil {
		panic("auth: " + err.Error()) // a public key always encodes
	}
	return document
}
